"""Certificates: those that nobody uses go, and those that are imported again are the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from localcloud.core import pki

if TYPE_CHECKING:
    from localcloud.conftest import Cloud


def test_a_certificate_is_imported_again_under_its_arn_and_goes(cloud: Cloud) -> None:
    acm = cloud.client("acm")
    first, second = (pki.authority(name) for name in ("first", "second"))
    arn = acm.import_certificate(Certificate=first.pem.encode(), PrivateKey=first.key_pem.encode())["CertificateArn"]
    again = acm.import_certificate(
        CertificateArn=arn, Certificate=second.pem.encode(), PrivateKey=second.key_pem.encode()
    )
    assert again["CertificateArn"] == arn
    cloud.boot()
    assert acm.get_certificate(CertificateArn=arn)["Certificate"] == second.pem
    acm.delete_certificate(CertificateArn=arn)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        acm.delete_certificate(CertificateArn=arn)
