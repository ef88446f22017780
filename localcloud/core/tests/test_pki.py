from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from cryptography import x509

from localcloud.core.pki import Authority

if TYPE_CHECKING:
    from pathlib import Path


def names(certificate: Path) -> list[str]:
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    return [str(one.value) for one in found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value]


def test_a_server_s_certificate_is_kept_while_it_is_for_the_same_names(tmp_path: Path) -> None:
    authority = Authority(folder=tmp_path)
    certificate, key = authority.ensure_server("a.test", "a.test", "b.test")
    assert names(certificate) == ["a.test", "b.test"]
    first = certificate.read_text()
    authority.ensure_server("a.test", "b.test")
    assert certificate.read_text() == first
    authority.ensure_server("a.test", "b.test", "c.test")
    assert names(certificate) == ["a.test", "b.test", "c.test"]
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)


def test_a_server_may_be_an_address(tmp_path: Path) -> None:
    certificate, _ = Authority(folder=tmp_path).ensure_server("198.51.100.1")
    first = certificate.read_text()
    assert names(certificate) == ["198.51.100.1"]
    Authority(folder=tmp_path).ensure_server("198.51.100.1")
    assert certificate.read_text() == first
