"""ACM's model: moto's, in which a certificate stays as long as somebody uses it."""
# ruff: noqa: D102 - operations are documented by AWS

from __future__ import annotations

import copyreg
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.core.exceptions import JsonRESTError

PARSED = ("_cert", "_key")  # what moto makes of a certificate's texts, and nobody can save


class ResourceInUseError(JsonRESTError):
    """Somebody uses the certificate."""

    def __init__(self, arn: str) -> None:
        super().__init__("ResourceInUseException", f"Certificate {arn} in account is in use.")


class LocalACMBackend(AWSCertificateManagerBackend):
    """moto's ACM; `in_use_by` is kept by the services that use certificates."""

    def delete_certificate(self, arn: str) -> None:
        if (known := self._certificates.get(arn)) is not None and known.in_use_by:
            raise ResourceInUseError(arn)
        super().delete_certificate(arn)

    def import_certificate(
        self,
        certificate: bytes,
        private_key: bytes,
        chain: bytes | None,
        arn: str | None,
        tags: list[dict[str, str]],
    ) -> str:
        """Import; who uses a certificate goes on to after it was imported again."""
        before = self._certificates.get(arn) if arn else None
        made = super().import_certificate(certificate, private_key, chain, arn, tags)
        if before is not None:
            self._certificates[made].in_use_by = before.in_use_by
        return made


def restored(state: dict[str, Any]) -> CertBundle:
    """Make a certificate of what was saved of it."""
    bundle = cast("CertBundle", CertBundle.__new__(CertBundle))
    parsed = {"_cert": x509.load_pem_x509_certificate(state["cert"]), "_key": load_pem_private_key(state["key"], None)}
    bundle.__dict__.update(state | parsed)
    return bundle


def _saved(bundle: CertBundle) -> tuple[Any, ...]:
    return restored, ({name: value for name, value in vars(bundle).items() if name not in PARSED},)


copyreg.pickle(CertBundle, _saved)
