"""Certificates of one cluster: three authorities and what they sign, as files for the control plane's /etc."""

from __future__ import annotations

import base64
import json
from ipaddress import IPv4Network

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from localcloud.core.pki import Pair, authority, client, server

PKI = "etc/kubernetes/pki"
SERVICE_ACCOUNT_KEY = f"{PKI}/sa.pub"
LOCAL_API = "https://127.0.0.1:443"


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
        SERVICE_ACCOUNT_KEY: public_key,
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


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
