"""Terraform's own inputs: the program, its provider, the seed for its modules; what the registry has is fetched once."""

import json
import os
import re
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mirror import stub_modules
from mirror.errors import MirrorError
from mirror.files import lock, publish, tree_digest, update, workspace
from mirror.settings import MODULES, Settings
from mirror.upstream import NoUpstream, Upstream

REGISTRY = "https://registry.terraform.io/.well-known/terraform.json"
VERSION = "1.11.4"
RELEASE = f"https://releases.hashicorp.com/terraform/{VERSION}/terraform_{VERSION}"
SUMS = f"{RELEASE}_SHA256SUMS"
MODULES_HOST = "https://github.com/terraform-aws-modules"  # where the registry leads to for them
OLDEST = (1, 11)
PROVIDER = "registry.terraform.io/hashicorp/aws"
PROVIDER_VERSION = "5.100.0"
ALL_PROVIDERS = "registry.terraform.io/*/*"
LOCK = ".terraform.lock.hcl"
STAMP = "digest"  # beside what was fetched: of what asked for it
INIT_TRIES, INIT_SECONDS = 2, 1800
WRONG_CHECKSUM = "doesn't match any of the checksums"  # of Terraform's words: another try changes nothing


@dataclass(frozen=True, kw_only=True)
class TerraformBuilder:
    """Writes `cli.tfrc`, lock files, modules and the `modules.json` that names them into the cache's folder terraform/."""

    settings: Settings
    upstream: Upstream
    say: Callable[[str], None]

    @property
    def folder(self) -> Path:
        """Everything of Terraform's."""
        return self.settings.cache / "terraform"

    def prepare(self) -> str:
        """Have all that `terraform init` needs; what was found, for people."""
        with lock(self.settings.work / "locks" / "terraform", say=self.say):
            program, version = self.program()
            aws_only = lock_of((self._root / LOCK).read_text(), PROVIDER)
            update(self.aws_only_lock_file, aws_only)
            reason = self._unreachable()
            if reason:
                provider = find_provider(mirror_folders())
                update(self.configuration, filesystem_mirror(provider, PROVIDER))
                update(self.lock_file, aws_only)
                update(self.seed, stub_modules.install(self.settings.source / MODULES, self._stubs))
                return f"{program} {version}; {reason}: provider from {provider}, stub modules"
            if not self._is_fetched():
                self._fetch(program)
            update(self.configuration, filesystem_mirror(self._official / "providers", ALL_PROVIDERS))
            update(self.lock_file, (self._official / LOCK).read_text())
            update(self.seed, self._official_modules())
            return f"{program} {version}; providers and modules from the registry, in {self._official}"

    @property
    def _root(self) -> Path:
        return self.settings.source / "terraform"

    @property
    def _inputs(self) -> list[Path]:
        """What decides which providers and modules are fetched."""
        return [*self._root.glob("*.tf"), self._root / LOCK]

    @property
    def _stubs(self) -> Path:
        return self.folder / "modules"

    @property
    def _official(self) -> Path:
        """Providers and modules as `terraform init` lays them out."""
        return self.folder / "official"

    def _unreachable(self) -> str:
        """Why providers and modules can't be had: all their hosts are needed, or what was fetched before."""
        if self._is_fetched() and not isinstance(self.upstream, NoUpstream):
            return ""  # else a host that is away for a while would exchange the modules of what stands
        return next(filter(None, map(self.upstream.unreachable, (REGISTRY, SUMS, MODULES_HOST))), "")

    def _is_fetched(self) -> bool:
        """Whether what the root module asks for is in the cache."""
        stamp = self._official / STAMP
        return stamp.exists() and stamp.read_text() == self._digest()

    def _digest(self) -> str:
        return tree_digest(self._inputs, root=self._root)

    def _fetch(self, program: str) -> None:
        """Let `terraform init` fetch and check it all, by the caller's proxies; plays, which have none, find it here."""
        with workspace(self.settings.work) as folder:
            for file in self._inputs:
                shutil.copy(file, folder)
            command = [program, f"-chdir={folder}", "init", "-backend=false", "-input=false", "-no-color"]
            for number in range(1, INIT_TRIES + 1):
                words = self._failure(command)
                if not words:
                    break
                if number == INIT_TRIES or WRONG_CHECKSUM in words:
                    raise MirrorError(
                        f"terraform init can't fetch providers and modules, at try {number} of {INIT_TRIES}: {words[-2000:]}. Nothing was "
                        "kept: try again later; `python -m mirror terraform --no-upstream` takes stub modules"
                    )
                self.say(f"terraform init failed; try {number + 1} of {INIT_TRIES}: {words[:300]}")
            # with the hashes of what is unpacked now: the committed file has those of archives for all platforms
            written = (folder / LOCK).read_text()
            if not locked(written) <= locked((self._root / LOCK).read_text()):
                raise MirrorError(
                    "terraform/.terraform.lock.hcl lacks a provider: run `terraform init -backend=false` there, and commit it"
                )
            (folder / ".terraform" / LOCK).write_text(written)
            (folder / ".terraform" / STAMP).write_text(self._digest())
            if self._official.exists():
                shutil.rmtree(self._official)
            publish(folder / ".terraform", self._official)

    @staticmethod
    def _failure(command: list[str]) -> str:
        """Run Terraform, by no one's configuration, not even the one of `~/.terraformrc`; what it says when it fails."""
        environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull}
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False, timeout=INIT_SECONDS
            )
        except subprocess.TimeoutExpired:
            return f"not done after {INIT_SECONDS} s"
        return " ".join(done.stderr.split()) or f"exit code {done.returncode}" if done.returncode else ""

    def _official_modules(self) -> str:
        """Return Terraform's own list of what it fetched, with the places where that is now."""
        listed = json.loads((self._official / "modules" / "modules.json").read_text())
        for module in listed["Modules"]:
            if module["Dir"] != ".":
                module["Dir"] = str(self._official / PurePosixPath(module["Dir"]).relative_to(".terraform"))
        return json.dumps(listed, indent=2) + "\n"

    @property
    def seed(self) -> Path:
        """Terraform's own list of installed modules: the official ones that were fetched, or the stub modules."""
        return self.folder / "modules.json"

    @property
    def configuration(self) -> Path:
        """What TF_CLI_CONFIG_FILE names."""
        return self.folder / "cli.tfrc"

    @property
    def lock_file(self) -> Path:
        """The root module's lock file for the modules that `seed` names."""
        return self.folder / "lock.hcl"

    @property
    def aws_only_lock_file(self) -> Path:
        """The root module's lock file for modules that need this one provider only, as the stub modules do.

        Terraform refuses a read-only lock file that names more providers than are needed.
        """
        return self.folder / "aws-only.lock.hcl"

    def modules_origin(self) -> str:
        """Where the modules come from, as last prepared."""
        if not self.configuration.exists():
            return "missing"
        return "stub" if self.seed.exists() and str(self._stubs) in self.seed.read_text() else "upstream"

    def program(self) -> tuple[str, str]:
        """Find Terraform on PATH, or have the one of the cache; its path, and its version for people."""
        own = self.folder / "bin" / "terraform"
        seen = []
        for candidate in filter(None, [shutil.which("terraform"), str(own) if own.exists() else None]):
            version = version_of(candidate)
            if version >= OLDEST:
                return candidate, ".".join(map(str, version))
            seen.append(f"{candidate} is {'.'.join(map(str, version))}")
        address = f"{RELEASE}_linux_amd64.zip"
        reason = self.upstream.unreachable(address)
        if reason:
            found = "; ".join(seen) or "none is on PATH"
            raise MirrorError(f"Terraform 1.11 or newer is needed ({found}; {reason}): install it, then try again")
        with workspace(self.settings.work) as folder:
            self.upstream.download(address, folder / "terraform.zip", checksum=SUMS)
            with zipfile.ZipFile(folder / "terraform.zip") as archive:
                if "terraform" not in archive.namelist():
                    raise MirrorError(f"{address}: has no terraform; it has {', '.join(archive.namelist())}")
                archive.extract("terraform", folder)
            (folder / "terraform").chmod(stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
            publish(folder / "terraform", own)
        return str(own), f"{VERSION} (put {own.parent} on PATH)"


def version_of(program: str) -> tuple[int, ...]:
    """Ask a terraform for its version; a configuration file that doesn't exist is only an extra message to it."""
    environment = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}
    command = [program, "version", "-json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    found = re.search(r'"terraform_version":\s*"(\d+)\.(\d+)\.(\d+)', done.stdout)
    if not found:
        raise MirrorError(
            f"{program} version -json: no version in its answer: {(done.stdout + done.stderr).strip()[:300]}"
        )
    return tuple(int(part) for part in found.groups())


def mirror_folders(home: Path | None = None, addons: Path = Path("/opt")) -> list[Path]:
    """Folders that may hold providers: Terraform's implied ones, then those of add-on software."""
    home = home or Path.home()
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    implied = [
        home / ".terraform.d" / "plugins",
        data / "terraform" / "plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
    ]
    host = PROVIDER.partition("/")[0]
    deeper = [place.parent for depth in ("*", "*/*", "*/*/*") for place in sorted(addons.glob(f"{depth}/{host}"))]
    return [*implied, *deeper]


def find_provider(folders: Iterable[Path]) -> Path:
    """Find the first folder that has the provider, unpacked or as its archive."""
    tried = []
    for folder in folders:
        place = folder / PROVIDER
        packed = place / f"terraform-provider-aws_{PROVIDER_VERSION}_linux_amd64.zip"
        if (place / PROVIDER_VERSION / "linux_amd64").is_dir() or packed.is_file():
            return folder
        tried.append(str(folder))
    raise MirrorError(
        f"the registry can't be reached, and no folder has {PROVIDER} {PROVIDER_VERSION} (tried {', '.join(tried)}): "
        "put it into the first of them, as `terraform providers mirror` lays it out"
    )


def filesystem_mirror(folder: Path, include: str) -> str:
    """Terraform's configuration: these providers from the folder, every other one from its registry."""
    return f"""provider_installation {{
  filesystem_mirror {{
    path    = "{folder}"
    include = ["{include}"]
  }}
  direct {{
    exclude = ["{include}"]
  }}
}}
"""


def locked(text: str) -> set[tuple[str, str]]:
    """Return the providers of a lock file, with their versions."""
    return set(re.findall(r'^provider "(.+)" {\n +version += "(.+)"$', text, flags=re.MULTILINE))


def lock_of(text: str, provider: str) -> str:
    """Leave only one provider in the text of a lock file, with its version and hashes."""
    blocks = re.findall(rf'^provider "{re.escape(provider)}" {{\n.*?^}}\n', text, flags=re.DOTALL | re.MULTILINE)
    if len(blocks) != 1:
        raise MirrorError(f"terraform/.terraform.lock.hcl locks {provider} {len(blocks)} times: it must do so once")
    return str(blocks[0])
