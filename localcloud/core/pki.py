"""The local cloud's certificate authority and the certificates of its own servers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

YEARS_10 = timedelta(days=3650)


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A CA in a folder: ca.crt for everybody, ca.key for its owner."""

    folder: Path
    name: str = "Beacon local cloud"

    @property
    def certificate_path(self) -> Path:
        """The CA's certificate."""
        return self.folder / "ca.crt"

    def ensure(self) -> None:
        """Make the CA at the first call."""
        if self.certificate_path.exists():
            return
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            _builder(subject, subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, SHA256())
        )
        _write(self.folder / "ca.key", _pem(key), 0o600)
        _write(self.certificate_path, certificate.public_bytes(Encoding.PEM), 0o644)

    def ensure_server(self, host: str) -> tuple[Path, Path]:
        """Make a server's certificate and key unless they are there; their paths."""
        self.ensure()
        certificate_path, key_path = self.folder / f"{host}.crt", self.folder / f"{host}.key"
        if not certificate_path.exists():
            ca = x509.load_pem_x509_certificate(self.certificate_path.read_bytes())
            ca_key = load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
            key = ec.generate_private_key(ec.SECP256R1())
            certificate = (
                _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])]), ca.subject, key.public_key())
                .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
                .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
                .sign(ca_key, SHA256())  # type: ignore[arg-type] # ours is an EC key
            )
            _write(key_path, _pem(key), 0o600)
            _write(certificate_path, certificate.public_bytes(Encoding.PEM), 0o644)
        return certificate_path, key_path


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + YEARS_10)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, data: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
