"""Certificates of listeners: from ACM or IAM to what HAProxy reads, and which of TLS a security policy allows."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from moto.acm.models import AWS_ROOT_CA, CertBundle, acm_backends
from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import elbv2_backends
from moto.elbv2.ssl_policies import SSL_POLICIES
from moto.iam.models import iam_backends

from localcloud.core import runtime
from localcloud.core.config import ACCOUNT
from localcloud.elbv2.haproxy import Tls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from localcloud.elbv2.models import LocalELBv2Backend

SECURE = ("HTTPS", "TLS")
FOLDER = "/etc/haproxy/certificates"
MOST = 25  # of a listener, beside the default one
# https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-listeners.html#alpn-policies
ALPN = {
    "HTTP1Only": "http/1.1,http/1.0",
    "HTTP2Only": "h2",
    "HTTP2Optional": "http/1.1,http/1.0,h2",
    "HTTP2Preferred": "h2,http/1.1,http/1.0",
}
OLD = {"TLSv1", "TLSv1.1"}  # OpenSSL speaks them at its lowest level of security only


def check(region: str, arns: Iterable[str]) -> None:
    """Refuse certificates that are not there, or not issued yet."""
    for arn in arns:
        found = _acm(region, arn)
        if found is None and not _iam(arn):
            raise ELBClientError("CertificateNotFound", f"Certificate {arn} not found")
        if found is not None and found.status != "ISSUED":
            raise ELBClientError(
                "InvalidConfigurationRequest",
                f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a "
                f"supported key size: it is {found.status}",
            )


def check_policy(name: str | None) -> None:
    """Refuse a security policy that ELB does not have."""
    if name is not None and name not in SSL_POLICIES:
        raise ELBClientError("SSLPolicyNotFound", f"Policy {name} not found")


def use(region: str, listener: str, arns: Iterable[str]) -> None:
    """Note that a listener uses these certificates, and no other ones."""
    wanted = set(arns)
    for arn, bundle in acm_backends[ACCOUNT][region]._certificates.items():  # noqa: SLF001 - moto has no other list with them
        users = [user for user in bundle.in_use_by if user != listener]
        bundle.in_use_by = [*users, listener] if arn in wanted else users


def renewed() -> None:
    """After changes in ACM: a certificate that was imported again is what load balancers show from now on."""
    with runtime.current().model.lock:  # the request that was answered has let go of it
        for _, _, backend in elbv2_backends.iter_backends():
            found = cast("LocalELBv2Backend", backend)
            for balancer in found.load_balancers.values():
                if any(listener.protocol in SECURE for listener in balancer.listeners.values()):
                    found.converge(balancer.arn)


def files(region: str, arns: Iterable[str]) -> dict[str, str]:
    """Return the files that HAProxy reads, the default certificate first; another content has another name."""
    texts = [text for arn in arns if (text := _pem(region, arn))]
    return {f"{FOLDER}/{sha256(text.encode()).hexdigest()[:16]}.pem": text for text in texts}


def tls(listener: Any, paths: Iterable[str], *, http2: bool) -> Tls:
    """Return how a listener speaks TLS."""
    policy: Any = SSL_POLICIES[listener.ssl_policy]
    protocols = set(policy["ssl_protocols"])
    new = [cipher for cipher in policy["ciphers"] if cipher.startswith("TLS_")]
    old = [cipher for cipher in policy["ciphers"] if cipher not in new] + (["@SECLEVEL=0"] if protocols & OLD else [])
    if listener.protocol == "HTTPS":
        alpn = "h2,http/1.1" if http2 else "http/1.1"
    else:
        alpn = ALPN.get(next(iter(listener.alpn_policy or []), ""), "")
    return Tls(
        certificates=tuple(paths),
        first=_version(min(protocols)),
        last=_version(max(protocols)),
        ciphers=":".join(old),
        suites=":".join(new),
        alpn=alpn,
    )


def _version(protocol: str) -> str:
    return "TLSv1.0" if protocol == "TLSv1" else protocol


def _pem(region: str, arn: str) -> str:
    if (found := _acm(region, arn)) is not None:
        parts = [found.key, found.cert, found.chain.removesuffix(AWS_ROOT_CA + b"\n")]  # which moto adds to each
        return "\n".join(part.decode().strip() for part in parts) + "\n"
    known = _iam(arn)
    return (
        "\n".join(text.strip() for text in (known.private_key, known.cert_body, known.cert_chain or "")) + "\n"
        if known
        else ""
    )


def _acm(region: str, arn: str) -> CertBundle | None:
    found = acm_backends[ACCOUNT][region]._certificates.get(arn)  # noqa: SLF001 - the public one raises
    if found is not None:
        found.check()
    return found


def _iam(arn: str) -> Any:
    return iam_backends[ACCOUNT]["aws"].get_certificate_by_arn(arn)
