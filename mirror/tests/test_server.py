"""The file server, on a free port of this machine."""

import http.client
import socket
import threading
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path
from types import SimpleNamespace

import pytest

from mirror import server
from mirror.errors import MirrorError


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    folder = tmp_path / "artefacts"
    folder.mkdir()
    (folder / "tool.tar.gz").write_bytes(b"content")
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    found = server.listen("127.0.0.1", 0, folder)
    assert found is not None
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found.server_address[1], folder
    found.shutdown()
    found.server_close()
    thread.join()


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def test_files_are_served(serving: tuple[int, Path]) -> None:
    assert get(serving[0], "/tool.tar.gz") == (200, b"content")


@pytest.mark.parametrize("path", ["/../secret", "/%2e%2e/secret", "/link", "//secret", "/nothing"])
def test_nothing_outside_of_the_folder_is_served(serving: tuple[int, Path], path: str) -> None:
    status, body = get(serving[0], path)
    assert status == 404
    assert b"secret" not in body.replace(path.encode(), b"")


def test_who_is_of_another_network_is_not_answered(
    serving: tuple[int, Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server, "networks", lambda: [IPv4Network("10.42.0.0/16")])
    with pytest.raises(ConnectionError):  # RemoteDisconnected, or a reset
        get(serving[0], "/tool.tar.gz")
    assert "127.0.0.1 is not answered: neither this machine nor a container of it" in caplog.text


def test_loopback_and_bridges_are_this_machines_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def at(address: str, mask: str) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(family=socket.AF_INET, address=address, netmask=mask),
            SimpleNamespace(family=socket.AF_INET6),
        ]

    interfaces = {
        "lo": at("127.0.0.1", "255.0.0.0"),
        "eth0": at("192.0.2.9", "255.255.255.0"),
        "br-1": at("10.42.0.1", "255.255.0.0"),
    }
    (tmp_path / "br-1" / "bridge").mkdir(parents=True)
    monkeypatch.setattr(server, "INTERFACES", tmp_path)
    monkeypatch.setattr("psutil.net_if_addrs", lambda: interfaces)
    assert server.networks() == [IPv4Network("127.0.0.0/8"), IPv4Network("10.42.0.0/16")]


def test_taken_port_names_its_holder_and_the_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(MirrorError, match=rf"127.0.0.1:{port} is taken by .*pid \d+.*: end it, or set MIRROR_PORT"):
            server.listen("127.0.0.1", port, tmp_path)


def test_address_that_comes_later_is_no_error(tmp_path: Path) -> None:
    assert server.listen("192.0.2.123", 0, tmp_path) is None
