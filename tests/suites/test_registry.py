"""OCI's distribution conformance suite against the registry of a local cloud of its own."""

from __future__ import annotations

import base64
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from localcloud.tests.harness import LocalCloud, up
from tests.suites.conftest import keep, made, table, version

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.suites

REPOSITORIES = ("suite/first", "suite/second")
LEFT_TO_ECR = "ECR has no operation that deletes a layer: it removes by itself what no image needs"
BY_OPERATION = (
    "tags are taken away by `ecr:BatchDeleteImage`; AWS announced deletion of images (containers-roadmap 1229)"
)
OPTIONAL = "optional in the specification; answered by an upload, as it allows"
SHA256 = "ECR takes SHA-256 only (API reference, CompleteLayerUpload: “the sha256 digest of the image layer”)"
STANDARD = "off in the suite's own settings for version 1.1"
# What does not pass, each with its reason: all else must.
ALLOWED = {
    "Blob anonymous mount": OPTIONAL,
    "Blob delete": LEFT_TO_ECR,
    "Blob delete atomic": LEFT_TO_ECR,
    "Blob post only": OPTIONAL,
    "Blob upload cancel": STANDARD,
    "Manifest put with tag params": STANDARD,
    "Tag delete": BY_OPERATION,
    "Tag delete atomic": BY_OPERATION,
    "Blobs sha512": SHA256,
    "Digest Algorithm sha512": SHA256,
    "Sparse Manifests": STANDARD,
    "Tag Param": STANDARD,
    "Tag Param sha512": STANDARD,
}


def test_ecr_speaks_the_registry_protocol(tmp_path: Path) -> None:
    cloud = LocalCloud(tmp_path, name="localcloud-suites", port=5696, public_range="198.18.41.0/25")
    with up(cloud):
        ecr = cloud.client("ecr")
        for name in REPOSITORIES:
            ecr.create_repository(repositoryName=name)
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        user, _, password = base64.b64decode(token).decode().partition(":")
        settings = {
            "OCI_REGISTRY": cloud.control.config.registry,
            "OCI_REPO1": REPOSITORIES[0],
            "OCI_REPO2": REPOSITORIES[1],
            "OCI_USERNAME": user,
            "OCI_PASSWORD": password,
            "OCI_RESULTS_DIR": str(tmp_path / "results"),
            "OCI_DATA_SHA512": "false",
            "SSL_CERT_FILE": str(cloud.control.names.certificate(cloud.control.config.registry)),
        }
        program = [str(made("oci-conformance"))]
        done = subprocess.run(
            program, env=os.environ | settings, cwd=tmp_path, capture_output=True, text=True, timeout=1200, check=False
        )
    found = yaml.safe_load((tmp_path / "results" / "results.yaml").read_text())
    results: dict[str, str] = found["apis"] | found["data"]
    unlike = {name: result for name, result in results.items() if (result != "Pass") != (name in ALLOWED)}
    said = done.stdout + done.stderr
    assert (done.returncode, unlike) == (0, {}), said[-4000:]
    counted = [
        line.strip(" :").replace(".", "") for line in said.splitlines() if line.startswith("  ") and "....:" in line
    ]
    keep(
        "registry",
        "ECR: OCI distribution conformance",
        f"`github.com/opencontainers/distribution-spec/conformance` {version('oci-conformance')}, specification 1.1.",
        "Single tests: " + ", ".join(" ".join(line.split()) for line in counted[:6]) + ".",
        *table(
            ("what", "result", "why not passed"),
            *((name, result, ALLOWED.get(name, "")) for name, result in results.items()),
        ),
    )
