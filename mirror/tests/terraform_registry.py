"""Terraform's registry as `terraform init` asks it: a signed provider, modules that are led to a git repository."""

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mirror.files import sha256
from mirror.settings import MODULES, SOURCE
from mirror.stub_modules import contracts, install
from mirror.terraform import PROVIDER, PROVIDER_VERSION
from mirror.tests.makers import checksums, zipped

HOST, NAMESPACE, NAME = PROVIDER.split("/")
RELEASES = f"https://releases.hashicorp.com/terraform-provider-{NAME}/{PROVIDER_VERSION}"
STEM = f"terraform-provider-{NAME}_{PROVIDER_VERSION}"
ARCHIVE = f"{STEM}_linux_amd64.zip"


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A key of OpenPGP, as a provider's publisher has one."""

    home: Path

    def __post_init__(self) -> None:
        self.home.mkdir(mode=0o700)
        self._gpg("--passphrase", "", "--quick-generate-key", "publisher", "ed25519", "sign", "never")

    @property
    def key(self) -> dict[str, str]:
        """The public key, as the registry describes it."""
        listed = self._gpg("--list-keys", "--with-colons").decode().splitlines()
        identity = next(line.split(":")[4] for line in listed if line.startswith("pub:"))
        return {"key_id": identity, "ascii_armor": self._gpg("--armor", "--export").decode()}

    def sign(self, content: bytes) -> bytes:
        """Return the detached signature."""
        return self._gpg("--detach-sign", content=content)

    def _gpg(self, *arguments: str, content: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--quiet", *arguments]
        return subprocess.run(command, input=content, capture_output=True, check=True, timeout=60).stdout


SMALL = zipped({f"terraform-provider-{NAME}_v{PROVIDER_VERSION}_x5": b"#!/bin/sh\n", "LICENSE.txt": b"licence\n"})


def provider(signer: Signer, archive: bytes | Path = SMALL) -> dict[str, bytes | Path]:
    """Return the provider's release, and what the registry says of it: address -> content."""
    sums = f"{RELEASES}/{STEM}_SHA256SUMS"
    found = sha256(archive) if isinstance(archive, Path) else hashlib.sha256(archive).hexdigest()
    lines = checksums(sums, {ARCHIVE: found})
    description = {
        "protocols": ["5.0"],
        "os": "linux",
        "arch": "amd64",
        "filename": ARCHIVE,
        "download_url": f"{RELEASES}/{ARCHIVE}",
        "shasums_url": sums,
        "shasums_signature_url": f"{sums}.sig",
        "shasum": found,
        "signing_keys": {"gpg_public_keys": [signer.key]},
    }
    versions = [{"version": PROVIDER_VERSION, "protocols": ["5.0"], "platforms": [{"os": "linux", "arch": "amd64"}]}]
    there = f"https://{HOST}/v1/providers/{NAMESPACE}/{NAME}"
    return {
        f"{RELEASES}/{ARCHIVE}": archive,
        sums: lines,
        f"{sums}.sig": signer.sign(lines),
        f"https://{HOST}/.well-known/terraform.json": _json(
            {"modules.v1": "/v1/modules/", "providers.v1": "/v1/providers/"}
        ),
        f"{there}/versions": _json({"versions": versions}),
        f"{there}/{PROVIDER_VERSION}/download/linux/amd64": _json(description),
    }


@dataclass(frozen=True, kw_only=True)
class Modules:
    """The modules' repositories, each with one release; what stands in them are the project's stubs."""

    files: Mapping[str, bytes | Path]
    downloads: Mapping[str, str]  # address -> where the registry leads to

    def answer(self, url: str) -> tuple[int, dict[str, str], bytes] | None:
        """Answer the question for a module's source."""
        return (204, {"X-Terraform-Get": self.downloads[url]}, b"") if url in self.downloads else None


def modules(folder: Path) -> Modules:
    """Make the repositories in a folder, served as files (git's plain protocol)."""
    install(SOURCE / MODULES, folder / "stubs")
    files: dict[str, bytes | Path] = {}
    downloads = {}
    for name, contract in contracts(SOURCE / MODULES).items():
        namespace, module, system = contract.source.split("/")
        repository = f"github.com/{namespace}/terraform-{system}-{module}"
        commit = _repository(folder / "stubs" / name, folder / name)
        there = f"https://{HOST}/v1/modules/{contract.source}"
        files[f"{there}/versions"] = _json({"modules": [{"versions": [{"version": contract.version}]}]})
        downloads[f"{there}/{contract.version}/download"] = f"git::https://{repository}?ref={commit}"
        for file in (folder / name).rglob("*"):
            if file.is_file():
                inner = file.relative_to(folder / name)
                question = "?service=git-upload-pack" if inner.as_posix() == "info/refs" else ""
                files[f"https://{repository}/{inner}{question}"] = file
    return Modules(files=files, downloads=downloads)


def _repository(tree: Path, target: Path) -> str:
    """Make a bare repository of a tree; its commit."""

    def git(*arguments: str, where: Path) -> str:
        author = ["-c", "user.name=maker", "-c", "user.email=maker@example.org", "-c", "init.defaultBranch=master"]
        command = ["git", "-C", str(where), *author, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()

    git("init", "--quiet", where=tree)
    git("add", ".", where=tree)
    git("commit", "--quiet", "-m", "Release", where=tree)
    git("clone", "--quiet", "--bare", str(tree), str(target), where=tree)
    git("update-server-info", where=target)
    return git("rev-parse", "HEAD", where=target)


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
