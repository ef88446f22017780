"""What the makers of the table's artefacts publish, small: archives in their real layouts, checksum files in their real forms.

Rows without a layout here are published as their addresses say: one folder named after the archive, one program for each name.
"""

import io
import json
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from mirror.table import Artefact
from mirror.terraform import VERSION as TERRAFORM
from mirror.upstream import file_of

# Where GitHub and Kubernetes send who asks for a file.
GITHUB_FILES = "release-assets.githubusercontent.com"
KUBERNETES_FILES = "cdn.dl.k8s.io"
PROGRAM = b"#!/bin/sh\necho %s\n"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """An archive: the folder at its top (`.`: none), and the files in it."""

    top: str
    files: tuple[str, ...]


LAYOUTS = {
    "prometheus": Layout(
        top="prometheus-{version}.linux-amd64", files=("prometheus", "promtool", "prometheus.yml", "LICENSE", "NOTICE")
    ),
    "node_exporter": Layout(top="node_exporter-{version}.linux-amd64", files=("node_exporter", "LICENSE", "NOTICE")),
    "alertmanager": Layout(
        top="alertmanager-{version}.linux-amd64",
        files=("alertmanager", "amtool", "alertmanager.yml", "LICENSE", "NOTICE"),
    ),
    # the top folder differs from the archive's name, and from what later releases have
    "grafana": Layout(
        top="grafana-v{version}", files=("bin/grafana", "bin/grafana-server", "conf/defaults.ini", "VERSION", "LICENSE")
    ),
    "etcd": Layout(top="etcd-v{version}-linux-amd64", files=("etcd", "etcdctl", "etcdutl", "README.md")),
    "coredns": Layout(top=".", files=("coredns",)),
}


def published(artefacts: Iterable[Artefact]) -> dict[str, bytes]:
    """Return all that is published: address -> content."""
    files: dict[str, bytes] = {}
    for artefact in artefacts:
        if artefact.upstream:
            for program in artefact.programs or ("",):
                url, checksum = (
                    one.replace("{program}", program) for one in (artefact.upstream.url, artefact.upstream.checksum)
                )
                files[url] = _content(artefact, url, program)
                files[checksum] = checksums(checksum, {file_of(url): sha256(files[url]).hexdigest()})
    return files | terraform()


def terraform() -> dict[str, bytes]:
    """Return Terraform's own release."""
    folder = f"https://releases.hashicorp.com/terraform/{TERRAFORM}"
    name = f"terraform_{TERRAFORM}_linux_amd64.zip"
    version = json.dumps({"terraform_version": TERRAFORM})
    content = zipped({"LICENSE.txt": b"licence\n", "terraform": f"#!/bin/sh\necho '{version}'\n".encode()})
    sums = f"{folder}/terraform_{TERRAFORM}_SHA256SUMS"
    return {f"{folder}/{name}": content, sums: checksums(sums, {name: sha256(content).hexdigest()})}


def _content(artefact: Artefact, url: str, program: str) -> bytes:
    if not url.endswith((".tar.gz", ".tgz")):
        return PROGRAM % (program or artefact.name).encode()
    default = Layout(top=artefact.root, files=artefact.programs)
    layout = LAYOUTS.get(artefact.name.removesuffix("-previous"), default)
    top = PurePosixPath(layout.top.replace("{version}", artefact.version))
    return packed({str(top / file): PROGRAM % file.encode() for file in layout.files})


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return a .tar.gz."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o755
            archive.addfile(info, io.BytesIO(content))
    return output.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a .zip."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return output.getvalue()


def checksums(url: str, sums: Mapping[str, str]) -> bytes:
    """Return a checksum file (name -> SHA-256) in the form that its maker has."""
    host, path = urlsplit(url).netloc, PurePosixPath(urlsplit(url).path)
    if host == "api.github.com":  # https://docs.github.com/en/rest/releases/releases
        other = {"name": "components.yaml", "digest": f"sha256:{'0' * 64}"}
        assets = [other, *({"name": name, "digest": f"sha256:{value}"} for name, value in sums.items())]
        return json.dumps({"tag_name": path.name, "assets": assets}).encode()
    if path.suffix == ".sha256" and host in {"dl.k8s.io", "dl.grafana.com"}:  # the sum alone
        return "".join(sums.values()).encode()
    lines = [f"{value}  {name}\n" for name, value in sums.items()]
    if path.suffix != ".sha256":  # a list of all that the release has
        lines = [f"{'1' * 64}  other.darwin-arm64.tar.gz\n", *lines, f"{'2' * 64}  other.windows-amd64.zip\n"]
    return "".join(lines).encode()
