"""cosign verifies what `build` signed, what nobody signed is not deployed, and what cosign signed counts."""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

import boto3
import pytest

from mirror.settings import from_environment
from mirror.table import read_table
from tests.e2e.stack import CHECKOUT, play

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.stack import Stack

    Cosign = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.soak
STRANGER = "somebody-elses"


@pytest.fixture
def registry(stack: Stack, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A log-in of the administrator, and whom the registry's certificate is from: an environment for programs."""
    host = stack.outputs["ecr_repositories"]["webapp"]["url"].partition("/")[0]
    token = boto3.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    (tmp_path / "config.json").write_text(json.dumps({"auths": {host: {"auth": token}}}))
    yield {**os.environ, "DOCKER_CONFIG": str(tmp_path), "SSL_CERT_FILE": f"/etc/docker/certs.d/{host}/ca.crt"}
    (tmp_path / "config.json").unlink()


@pytest.fixture
def cosign(stack: Stack, registry: dict[str, str], tmp_path: Path) -> Cosign:
    """The program, with the environment's public key in `key.pem`."""
    program = from_environment().artefacts / read_table(CHECKOUT / "mirror/artefacts.toml")["cosign"].outputs[0]
    public = boto3.client("kms").get_public_key(KeyId=stack.outputs["images_key_arn"])["PublicKey"]
    lines = b64encode(public).decode()
    (tmp_path / "key.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n")

    def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(program), *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=registry, check=False, capture_output=True, text=True, timeout=120
        )

    return ask


@pytest.fixture
def image(stack: Stack) -> str:
    """The image of the web application that was built last, by its digest."""
    repository = stack.outputs["ecr_repositories"]["webapp"]["url"]
    images = boto3.client("ecr").describe_images(repositoryName=repository.partition("/")[2])["imageDetails"]
    tags = {tag for each in images for tag in each.get("imageTags", ())}
    signed = [each for each in images if any(f"{tag}.sig" in tags for tag in each.get("imageTags", ()))]
    return f"{repository}@{max(signed, key=lambda each: each['imagePushedAt'])['imageDigest']}"


@pytest.fixture
def stranger(image: str, registry: dict[str, str]) -> Iterator[str]:
    """An image that somebody pushed who may push, by its tag."""
    repository = image.partition("@")[0]
    name = f"{repository}:{STRANGER}"
    build = ["docker", "build", "--quiet", "--tag", name, "-"]
    source = f"FROM {image}\nLABEL org.opencontainers.image.vendor=somebody\n"
    subprocess.run(["docker", "pull", "--quiet", image], env=registry, check=True, timeout=120)
    subprocess.run(build, input=source, text=True, env={**registry, "DOCKER_BUILDKIT": "0"}, check=True, timeout=120)
    try:
        subprocess.run(["docker", "push", "--quiet", name], env=registry, check=True, timeout=120)
        yield name
    finally:
        subprocess.run(["docker", "image", "rm", name, image], check=False, timeout=60)
        ids = [{"imageTag": STRANGER}]
        boto3.client("ecr").batch_delete_image(repositoryName=repository.partition("/")[2], imageIds=ids)


def test_cosign_verifies_the_image_its_sbom_and_how_it_was_built(cosign: Cosign, image: str) -> None:
    key = ("--key", "key.pem", "--insecure-ignore-tlog")
    answer = cosign("verify", *key, image)
    assert answer.returncode == 0, answer.stderr
    digest = image.partition("@")[2]
    assert digest in answer.stdout
    for kind, predicate, holds in (
        ("cyclonedx", "https://cyclonedx.org/bom", "components"),
        ("slsaprovenance1", "https://slsa.dev/provenance/v1", "buildDefinition"),
    ):
        answer = cosign("verify-attestation", *key, "--type", kind, image)
        assert answer.returncode == 0, answer.stderr
        statement = json.loads(b64decode(json.loads(answer.stdout)["payload"]))
        assert statement["predicateType"] == predicate
        assert statement["predicate"][holds]
        assert statement["subject"] == [{"digest": {"sha256": digest.partition(":")[2]}}]


def test_only_what_the_environments_key_signed_is_deployed(stack: Stack, cosign: Cosign, stranger: str) -> None:
    asked = ("-e", f"beacon_webapp_tag={STRANGER}", "--tags", "application")
    refused = play("deploy", *asked)
    assert refused.returncode != 0
    assert "is not signed by the environment's key, so it is not deployed: it has no signature." in refused.stdout
    key = f"awskms:///{stack.outputs['images_key_arn']}"
    signed = cosign("sign", "--yes", "--key", key, "--use-signing-config=false", "--tlog-upload=false", stranger)
    assert signed.returncode == 0, signed.stderr
    deployed = play("deploy", *asked, "--check")
    assert deployed.returncode == 0, deployed.stdout[-3000:]


def test_a_signature_of_another_key_does_not_count(stack: Stack, cosign: Cosign, stranger: str) -> None:
    kms = boto3.client("kms")
    other = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    try:
        key = ("--key", f"awskms:///{other}", "--use-signing-config=false", "--tlog-upload=false")
        signed = cosign("sign", "--yes", *key, stranger)
        assert signed.returncode == 0, signed.stderr
    finally:
        kms.schedule_key_deletion(KeyId=other, PendingWindowInDays=7)
    refused = play("deploy", "-e", f"beacon_webapp_tag={STRANGER}", "--tags", "application")
    assert refused.returncode != 0
    assert f"was not signed by {stack.outputs['images_key_arn']}" in " ".join(refused.stdout.split())
