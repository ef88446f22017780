# ruff: noqa: T201 - it takes a quarter of an hour: each command is told as it ends
"""`make up` whole, on an empty cache, from an upstream of our own, as people with a network have theirs.

The usual cache, filled by an earlier `make up`, is what the makers publish: their archives, checksum files, redirects, Terraform's
registry. The caller's proxy leads there; all other hosts are reached as ever. It takes the machine's own local cloud: no stack may be
up. The mirror's images leave the engine before, as they would on a new machine; the usual cache has them saved. Images that the
engine itself pulls go by the engine's own settings, so doubles take their place where it can't.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from mirror.errors import MirrorError
from mirror.files import sha256
from mirror.settings import TABLE
from mirror.table import read_table
from mirror.terraform import PROVIDER, PROVIDER_VERSION, find_provider, mirror_folders
from mirror.tests import terraform_registry
from mirror.tests.makers import checksums, terraform
from mirror.tests.release_server import Releases, serving
from mirror.upstream import file_of
from setup import paths
from tests.runs.checkout import Checkout, caller

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.upstream
LABEL = "label=beacon.mirror"


def packed(artefacts: Path, members: Mapping[str, str], target: Path) -> Path:
    """Pack programs of the cache as their maker does: program -> path in the archive."""
    with tarfile.open(target, "w:gz", compresslevel=1) as archive:
        for program, member in members.items():
            archive.add(artefacts / program, member)
    return target


def releases(cache: Path, folder: Path) -> dict[str, bytes | Path]:
    """Return what the table's makers publish, of what the cache has."""
    files: dict[str, bytes | Path] = {}
    for artefact in read_table(paths.CHECKOUT / TABLE).values():
        if not artefact.upstream or artefact.on_demand:
            continue
        assert all((cache / output).exists() for output in artefact.outputs), f"run `make up` first: {artefact.name}"
        for program in artefact.programs or ("",):
            url, checksum = (
                one.replace("{program}", program) for one in (artefact.upstream.url, artefact.upstream.checksum)
            )
            if artefact.upstream.members:
                content = packed(cache / artefact.path, artefact.upstream.members, folder / f"{artefact.name}.tar.gz")
            else:
                content = cache / artefact.path / ("" if artefact.is_archive else program)
            files[url] = content
            files[checksum] = checksums(checksum, {file_of(url): sha256(content)})
    return files


def registry(folder: Path) -> Releases:
    """Return Terraform's registry, with the provider of this machine; without one it is not served."""
    try:
        place = find_provider(mirror_folders()) / PROVIDER / PROVIDER_VERSION / "linux_amd64"
    except MirrorError:
        return Releases(files={})
    archive = folder / "provider.zip"
    with zipfile.ZipFile(archive, "w") as packed_provider:
        for file in place.iterdir():
            packed_provider.write(file, file.name)
    modules = terraform_registry.modules(folder)
    provider = terraform_registry.provider(terraform_registry.Signer(home=folder / "gpg"), archive)
    return Releases(files={**terraform(), **provider, **modules.files}, answer=modules.answer)


def beyond(place: str) -> socket.socket:
    """Connect to a host that is nobody's here: by the caller's own proxy, or straight."""
    proxy = urlsplit(os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy") or "")
    host, _, port = place.rpartition(":")
    if not proxy.hostname:
        return socket.create_connection((host, int(port)), timeout=60)
    there = socket.create_connection((proxy.hostname, proxy.port or 80), timeout=60)
    there.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n".encode())
    answer = io.BytesIO()
    while not answer.getvalue().endswith(b"\r\n\r\n"):
        answer.write(there.recv(1) or b"\r\n\r\n")
    if b" 200 " not in answer.getvalue().partition(b"\r\n")[0]:
        raise ConnectionRefusedError(answer.getvalue().partition(b"\r\n")[0].decode(errors="replace"))
    return there


def forget_images() -> None:
    """Take the mirror's images out of the engine; one that others stand on goes after them."""
    for _ in range(3):
        if not (known := set(docker("image", "ls", "--quiet", "--filter", LABEL).stdout.split())):
            return
        refused = docker("image", "rm", "--force", *known)
    raise AssertionError(f"the engine keeps {known}: {refused.stderr}")


def docker(*command: str) -> subprocess.CompletedProcess[str]:
    """Ask the engine; its answer."""
    return subprocess.run(["docker", *command], check=False, capture_output=True, text=True, timeout=600)


def test_make_up_on_an_empty_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("u")
    served = registry(folder)
    served = Releases(files={**releases(paths.cache() / "artefacts", folder), **served.files}, answer=served.answer)
    checkout, cache = Checkout(path=folder / "checkout"), folder / "cache"
    checkout.clone()
    trusted = Path(os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or os.devnull).read_text()
    with serving(served, folder, trusted=trusted, others=beyond) as way:
        variables = {**caller(), **way.variables, "BEACON_CACHE": str(cache)}
        checkout.make("setup", variables)
        forget_images()
        try:
            text = checkout.make("up", variables)
            print("\n".join(re.findall(r"^ *\d+\.\d s .*$", text, re.MULTILINE)), text[-2500:], sep="\n", flush=True)
            sources = json.loads((paths.state() / "mirror" / "provenance.json").read_text())
        finally:
            checkout.make("down", variables)
            shutil.rmtree(cache)
    origins = {source["name"]: source["origin"] for source in sources if source["kind"] == "artefact"}
    wanted = {name for name, row in read_table(paths.CHECKOUT / TABLE).items() if row.upstream and not row.on_demand}
    assert {name for name, origin in origins.items() if origin == "upstream"} == wanted
    assert not [source["reason"] for source in sources if source["reason"] and source["name"] in wanted]
