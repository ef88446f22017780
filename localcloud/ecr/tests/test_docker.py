"""The Docker engine at the registries of two regions: `python -m pytest -m docker localcloud/ecr`."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from localcloud.tests.harness import Docker, LocalCloud, up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.docker

HERE, THERE, NAME = "eu-west-1", "ap-southeast-2", "team/app"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    made = LocalCloud(tmp_path, name="localcloud-ecr-test", port=5688, public_range="198.18.45.0/25")
    with up(made):
        yield made


def layer(text: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("made")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text.encode()))
    return stream.getvalue()


def test_an_image_is_pushed_and_pulled_in_another_region(cloud: LocalCloud, tmp_path: Path) -> None:
    docker = Docker(folder=tmp_path / "docker")
    for region in (HERE, THERE):
        cloud.client("ecr", region=region).create_repository(repositoryName=NAME)
    image = f"{cloud.control.config.registry_of(THERE)}/{NAME}"
    tag, other = f"{image}:v1", f"{cloud.control.config.registry_of(HERE)}/{NAME}"
    digest = ""
    try:
        docker.ask("import", "-", tag, given=layer("localcloud-ecr-test"))
        assert "401 Unauthorized" in docker.log_in(cloud, HERE, at=THERE)
        assert "Login Succeeded" in docker.log_in(cloud, THERE)
        assert "Login Succeeded" in docker.log_in(cloud, HERE)
        pushed = docker.ask("push", tag)
        assert "v1: digest: sha256:" in pushed
        (found,) = cloud.client("ecr", region=THERE).describe_images(repositoryName=NAME)["imageDetails"]
        assert cloud.client("ecr", region=HERE).describe_images(repositoryName=NAME)["imageDetails"] == []
        digest = found["imageDigest"]
        assert digest in pushed
        for reference in (tag, f"{image}@{digest}"):
            docker.ask("image", "rm", tag, f"{image}@{digest}")
            assert f"Digest: {digest}" in docker.ask("pull", reference)
        # the same layers are none of the other region's
        assert "not found" in docker.ask("pull", f"{other}@{digest}")
        docker.ask("tag", f"{image}@{digest}", f"{other}:v1")
        again = docker.ask("push", f"{other}:v1")
        assert "Layer already exists" not in again
        assert f"v1: digest: {digest}" in again
    finally:
        docker.ask("image", "rm", "-f", tag, f"{other}:v1", f"{image}@{digest}", f"{other}@{digest}")
