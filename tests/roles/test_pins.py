"""What is downloaded is pinned by its content: archives by checksums, images by digests; exceptions are listed with their reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from plugins.filter.host import ARCHITECTURES

ROOT = Path(__file__).parents[2]
RELEASES = ("alertmanager", "grafana", "node_exporter", "prometheus")
SHA256 = re.compile(r"[0-9a-f]{64}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

# Nobody of the project has met these values outside of the server that serves the files, so they are not made up here:
# the first copy trusts that server. Whoever has a value from a second place puts it into the role's vars or the inventory.
UNPINNED_RELEASES = {
    "alertmanager": ("0.34.2", ["amd64", "arm64"]),
    "grafana": ("12.4.0", ["amd64", "arm64"]),
    "node_exporter": ("1.10.2", ["arm64"]),
    "prometheus": ("3.13.5", ["amd64", "arm64"]),
}
UNPINNED_IMAGES = {"nginx-ingress": "5.5.4", "descheduler": "v0.36.0", "prometheus": "v3.13.5"}


def read(path: str) -> dict[str, Any]:
    """Read a YAML file of the repository."""
    return dict(yaml.safe_load((ROOT / path).read_text()))


@pytest.mark.parametrize("role", RELEASES)
def test_no_default_and_no_value_for_aws_names_a_server_for_a_checksum(role: str) -> None:
    assert read(f"roles/{role}/defaults/main.yml")[f"{role}_checksum"] == ""
    assert read("inventories/sample/group_vars/all/monitoring.yml")[f"{role}_checksum"] == ""


def test_releases_are_pinned_but_the_listed_ones() -> None:
    unpinned: dict[str, tuple[str, list[str]]] = {}
    for role in RELEASES:
        known = read(f"roles/{role}/vars/main.yml")[f"__{role}_checksums"]
        assert all(SHA256.fullmatch(value) for value in known.values()), (role, known)
        version = read(f"roles/{role}/defaults/main.yml")[f"{role}_version"]
        archives = {each: f"{role}-{version}.linux-{each}.tar.gz" for each in ARCHITECTURES.values()}
        assert set(known) <= set(archives.values()), "a checksum is of another version's archive"
        missing = [architecture for architecture, archive in archives.items() if archive not in known]
        unpinned |= {role: (version, missing)} if missing else {}
    assert unpinned == UNPINNED_RELEASES


def test_images_for_aws_are_pinned_but_the_listed_ones() -> None:
    images = read("inventories/sample/group_vars/all/images.yml")["beacon_images"]
    assert {image["name"]: image["tag"] for image in images if "digest" not in image} == UNPINNED_IMAGES
    assert all(DIGEST.fullmatch(image["digest"]) for image in images if "digest" in image)


def test_base_images_are_pinned() -> None:
    named = re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", (ROOT / "webapp" / "Dockerfile").read_text(), re.MULTILINE)
    assert [name for name, _ in named] == ["BUILDER_IMAGE", "BASE_IMAGE"]
    assert all(re.fullmatch(r"[^@]+:[^@:]+@sha256:[0-9a-f]{64}", value) for _, value in named), named
