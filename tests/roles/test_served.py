"""Before a rotation trusts the new CA alone, each server shows a certificate of it."""

from __future__ import annotations

import datetime as dt
import re
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.roles.entry import play
from tests.roles.test_rotation import certify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Refusing(BaseHTTPRequestHandler):
    """Lets nobody in."""

    def do_GET(self) -> None:
        """Answer 401, as a server does whose password is not given."""
        self.send_response(401)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A server by TLS, whose CA is tls/ca.crt."""
    certify(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls/server.crt", tmp_path / "tls/server.key")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def other_ca() -> str:
    """Return the certificate of a CA that issued nothing."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "other")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    made = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(
        key, hashes.SHA256()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def test_a_server_that_shows_it_is_left_alone(port: int, tmp_path: Path) -> None:
    inputs = {
        "certificate_ca": (tmp_path / "tls/ca.crt").read_text(),
        "certificate_servers": [{"service": "no-such", "port": port}],
    }
    answer = play("certificate", "served", tmp_path, inputs)
    assert answer.returncode == 0, answer.stdout
    assert re.search(r"changed=0\b", answer.stdout)


def test_one_that_shows_another_is_named(port: int, tmp_path: Path) -> None:
    answer = play(
        "certificate",
        "served",
        tmp_path,
        {"certificate_ca": other_ca(), "certificate_servers": [{"service": "no-such", "port": port}]},
    )
    text = " ".join(answer.stdout.split())
    assert answer.returncode != 0
    assert re.search(r"no-such shows no certificate of the CA [0-9a-f:]{23}…, also after a restart: ", text), text
    assert "Look why (journalctl -u no-such), and run this again." in text
