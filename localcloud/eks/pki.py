"""Certificates of one cluster: three authorities and what they sign, as files for the control plane's /etc."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

PKI = "etc/kubernetes/pki"
LIFE = timedelta(days=3650)
LOCAL_API = "https://127.0.0.1:443"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A key and its certificate."""

    key: EllipticCurvePrivateKey
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
    return _issue(name=name, organization=None, issuer=None, names=(), usages=())


def server(ca: Pair, name: str, names: Iterable[str]) -> Pair:
    """Make a serving certificate for host names and addresses."""
    both = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)  # etcd's is used for both
    return _issue(name=name, organization=None, issuer=ca, names=tuple(names), usages=both)


def client(ca: Pair, name: str, organization: str | None = None) -> Pair:
    """Make a client certificate: Kubernetes reads the user from its name, the group from its organization."""
    return _issue(name=name, organization=organization, issuer=ca, names=(), usages=(ExtendedKeyUsageOID.CLIENT_AUTH,))


def cluster_files(*, endpoint_host: str, address: str, service_cidr: str) -> tuple[str, dict[str, str]]:
    """Make all secrets of a new cluster: its authority's certificate, and the files of the control plane."""
    ca, front_ca, etcd_ca = authority("kubernetes"), authority("front-proxy-ca"), authority("etcd-ca")
    first_service = str(IPv4Network(service_cidr)[1])
    api_names = (
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "localhost",
        endpoint_host,
        first_service,
        address,
        "127.0.0.1",
    )
    signing_key = ec.generate_private_key(ec.SECP256R1())
    public_key = signing_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    signing = signing_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    files = {
        **ca.files(f"{PKI}/ca"),
        **server(ca, "kube-apiserver", api_names).files(f"{PKI}/apiserver"),
        **client(ca, "kube-apiserver-kubelet-client").files(f"{PKI}/apiserver-kubelet-client"),
        f"{PKI}/front-proxy-ca.crt": front_ca.pem,
        **client(front_ca, "front-proxy-client").files(f"{PKI}/front-proxy-client"),
        f"{PKI}/etcd/ca.crt": etcd_ca.pem,
        **server(etcd_ca, "etcd", ("localhost", "127.0.0.1")).files(f"{PKI}/etcd/server"),
        **client(etcd_ca, "kube-apiserver-etcd-client").files(f"{PKI}/apiserver-etcd-client"),
        f"{PKI}/sa.key": signing,
        f"{PKI}/sa.pub": public_key,
        **server(ca, "token-webhook", ("127.0.0.1",)).files("etc/eks/webhook"),
    }
    users = {
        "admin": client(ca, "eks:cluster-bootstrap", "system:masters"),
        "controller-manager": client(ca, "system:kube-controller-manager"),
        "scheduler": client(ca, "system:kube-scheduler"),
    }
    files |= {f"etc/kubernetes/{name}.conf": kubeconfig(ca=ca, user=pair) for name, pair in users.items()}
    return ca.pem, files


def kubeconfig(*, ca: Pair, user: Pair) -> str:
    """Render a kubeconfig for a daemon beside the API server."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "local", "cluster": {"server": LOCAL_API, "certificate-authority-data": _base64(ca.pem)}}
            ],
            "users": [
                {
                    "name": "user",
                    "user": {
                        "client-certificate-data": _base64(user.pem),
                        "client-key-data": _base64(user.key_pem),
                    },
                }
            ],
            "contexts": [{"name": "local", "context": {"cluster": "local", "user": "user"}}],
            "current-context": "local",
        },
        indent=1,
    )


def _issue(
    *,
    name: str,
    organization: str | None,
    issuer: Pair | None,
    names: tuple[str, ...],
    usages: tuple[x509.ObjectIdentifier, ...],
) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
    subject = x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, name)])
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


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
