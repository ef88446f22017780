"""Keys and certificates: the local cloud's own CA in a directory, and pairs for whoever needs them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LIFE = timedelta(days=3650)
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
BOTH = (ExtendedKeyUsageOID.SERVER_AUTH, CLIENT)  # etcd's certificate is used for both


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def key_pem(self) -> str:
        """The private key."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def pem(self) -> str:
        """The certificate."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def files(self, path: str) -> dict[str, str]:
        """Both as files: PATH.crt and PATH.key."""
        return {f"{path}.crt": self.pem, f"{path}.key": self.key_pem}


def authority(name: str) -> Pair:
    """Make a self-signed certificate authority."""
    return _issue(name=name)


def server(ca: Pair, name: str, names: Iterable[str]) -> Pair:
    """Make a serving certificate for host names and addresses."""
    return _issue(name=name, issuer=ca, names=tuple(names), usages=BOTH)


def client(ca: Pair, name: str, organization: str = "") -> Pair:
    """Make a client certificate: Kubernetes reads the user from its name, the group from its organization."""
    return _issue(name=name, organization=organization, issuer=ca, usages=(CLIENT,))


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A CA in a directory: ca.crt for everybody, ca.key for its owner."""

    folder: Path
    name: str = "Beacon local cloud"

    @property
    def certificate_path(self) -> Path:
        """The CA's certificate."""
        return self.folder / "ca.crt"

    def certificate(self) -> str:
        """Return the CA's certificate, for who asks servers of its own."""
        self.ensure()
        return self.certificate_path.read_text()

    def ensure(self) -> None:
        """Make the CA at the first call."""
        if not self.certificate_path.exists():
            self._write("ca", authority(self.name))

    def ensure_server(self, host: str, *names: str) -> tuple[Path, Path]:
        """Make a server's certificate (for more names than its own, too) and key unless they are there; their paths."""
        self.ensure()
        certificate, wanted = self.folder / f"{host}.crt", [host, *(name for name in names if name != host)]
        if not certificate.exists() or _names(certificate) != wanted:
            key = load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
            ca = Pair(
                key=cast("ec.EllipticCurvePrivateKey", key),
                certificate=x509.load_pem_x509_certificate(self.certificate_path.read_bytes()),
            )
            self._write(host, server(ca, host, wanted))
        return certificate, self.folder / f"{host}.key"

    def _write(self, name: str, pair: Pair) -> None:
        """Write the key first: a certificate says that both are there."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file, text, mode in ((f"{name}.key", pair.key_pem, 0o600), (f"{name}.crt", pair.pem, 0o644)):
            handle = os.open(self.folder / file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
            with os.fdopen(handle, "w") as stream:
                stream.write(text)


def _names(certificate: Path) -> list[str]:
    """Return the names and addresses that a certificate is for."""
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    return [str(one.value) for one in found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value]


def _issue(
    *,
    name: str,
    organization: str = "",
    issuer: Pair | None = None,
    names: tuple[str, ...] = (),
    usages: tuple[x509.ObjectIdentifier, ...] = (),
) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
    subject = x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    start = datetime.now(tz=UTC) - timedelta(minutes=5)  # clocks of containers are the machine's, but be kind
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + LIFE)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(_key_usage(signs=issuer is None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(identifier, critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(text) for text in names]), critical=False)
    certificate = builder.sign((issuer.key if issuer else key), hashes.SHA256())
    return Pair(key=key, certificate=certificate)


def _key_usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(IPv4Address(text))
    except ValueError:
        return x509.DNSName(text)
