"""Terraform's own inputs: the program, where its provider comes from, the seed for its modules."""

import os
import re
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from mirror import stub_modules
from mirror.errors import MirrorError
from mirror.files import lock, publish, update, workspace
from mirror.settings import MODULES, Settings
from mirror.upstream import Upstream

REGISTRY = "https://registry.terraform.io/.well-known/terraform.json"
RELEASES = "https://releases.hashicorp.com/terraform/{version}"
VERSION = "1.11.4"
OLDEST = (1, 11)
PROVIDER = "registry.terraform.io/hashicorp/aws"
PROVIDER_VERSION = "5.100.0"


@dataclass(frozen=True, kw_only=True)
class TerraformBuilder:
    """Writes `cli.tfrc`, a lock file (where they are needed: stub modules, and `modules.json`) into the cache's folder terraform/."""

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
            program = self.program()
            committed = self.settings.source / "terraform" / ".terraform.lock.hcl"
            update(self.lock_file, lock_of(committed.read_text(), PROVIDER))
            reason = self.upstream.unreachable(REGISTRY)
            if reason:
                provider = find_provider(mirror_folders())
                update(self.configuration, filesystem_mirror(provider))
                update(self.seed, stub_modules.install(self.settings.source / MODULES, self.folder / "modules"))
                return f"{program}; {reason}: provider from {provider}, stub modules"
            plugins = self.folder / "plugins"
            plugins.mkdir(parents=True, exist_ok=True)
            update(self.configuration, f'plugin_cache_dir = "{plugins}"\n')
            self.seed.unlink(missing_ok=True)
            return f"{program}; provider and modules from the registry"

    @property
    def seed(self) -> Path:
        """Terraform's own list of installed modules, naming the stub modules; it exists only where they are needed."""
        return self.folder / "modules.json"

    @property
    def configuration(self) -> Path:
        """What TF_CLI_CONFIG_FILE names."""
        return self.folder / "cli.tfrc"

    @property
    def lock_file(self) -> Path:
        """The root module's lock file for modules that need this one provider only, as the stub modules do.

        Terraform refuses a read-only lock file that names more providers than are needed.
        """
        return self.folder / "aws-only.lock.hcl"

    def modules_origin(self) -> str:
        """Where the modules come from, as last prepared."""
        if not self.configuration.exists():
            return "missing"
        return "stub" if self.seed.exists() else "upstream"

    def program(self) -> str:
        """Find Terraform on PATH, or have the one of the cache; its path and version."""
        own = self.folder / "bin" / "terraform"
        seen = []
        for candidate in filter(None, [shutil.which("terraform"), str(own) if own.exists() else None]):
            version = version_of(candidate)
            if version >= OLDEST:
                return f"{candidate} {'.'.join(map(str, version))}"
            seen.append(f"{candidate} is {'.'.join(map(str, version))}")
        address = f"{RELEASES.format(version=VERSION)}/terraform_{VERSION}_linux_amd64.zip"
        reason = self.upstream.unreachable(address)
        if reason:
            found = "; ".join(seen) or "none is on PATH"
            raise MirrorError(f"Terraform 1.11 or newer is needed ({found}; {reason}): install it, then try again")
        with workspace(self.settings.work) as folder:
            checksum = f"{RELEASES.format(version=VERSION)}/terraform_{VERSION}_SHA256SUMS"
            self.upstream.download(address, folder / "terraform.zip", checksum=checksum)
            with zipfile.ZipFile(folder / "terraform.zip") as archive:
                if "terraform" not in archive.namelist():
                    raise MirrorError(f"{address}: has no terraform; it has {', '.join(archive.namelist())}")
                archive.extract("terraform", folder)
            (folder / "terraform").chmod(stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
            publish(folder / "terraform", own)
        return f"{own} {VERSION} (put {own.parent} on PATH)"


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


def filesystem_mirror(folder: Path) -> str:
    """Terraform's configuration: this provider from the folder, every other one from its registry."""
    return f"""provider_installation {{
  filesystem_mirror {{
    path    = "{folder}"
    include = ["{PROVIDER}"]
  }}
  direct {{
    exclude = ["{PROVIDER}"]
  }}
}}
"""


def lock_of(text: str, provider: str) -> str:
    """Leave only one provider in the text of a lock file, with its version and hashes."""
    blocks = re.findall(rf'^provider "{re.escape(provider)}" {{\n.*?^}}\n', text, flags=re.DOTALL | re.MULTILINE)
    if len(blocks) != 1:
        raise MirrorError(f"terraform/.terraform.lock.hcl locks {provider} {len(blocks)} times: it must do so once")
    return str(blocks[0])
