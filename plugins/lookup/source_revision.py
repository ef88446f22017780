"""What a build is made from: the commit, or a hash where the commit does not say it all."""

from __future__ import annotations

DOCUMENTATION = r"""
name: source_revision
author: The Beacon authors (@beacon)
short_description: Revision of an image's build context
version_added: 0.1.0
description:
  - Returns, for a build context, the last commit that changed it, whether what the image is made of differs from that
    commit (files that C(.dockerignore) leaves out don't count), a hash of it, and the commit's time.
  - The C(name) fits in an image's tag. It is C(<commit>), C(<commit>-dirty.<hash>), or C(src.<hash>) outside of a Git
    checkout, as in an installed collection, and in a copy without history.
options:
  _terms:
    description: Paths of build contexts.
    required: true
"""

EXAMPLES = r"""
- name: Show the revision
  ansible.builtin.debug:
    msg: "{{ lookup('beacon.platform.source_revision', 'webapp').name }}"
"""

RETURN = r"""
_raw:
  description: For each path a dictionary of C(name), C(commit), C(dirty), C(hash) and C(epoch).
  type: list
  elements: dict
"""

import hashlib
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

try:
    from docker.utils.build import exclude_paths
except ImportError:
    exclude_paths = None  # type: ignore[assignment] # said when it is used

COMMIT_CHARACTERS = 12
HASH_CHARACTERS = 12
PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Revision:
    """One context's revision; `commit` is empty outside of a checkout."""

    name: str
    commit: str
    dirty: bool
    hash: str
    epoch: int


def sent_files(context: Path) -> list[str]:
    """Return what the engine would be sent, as sorted relative paths."""
    if exclude_paths is None:
        raise AnsibleLookupError(
            "source_revision needs the Python package docker: `python -m pip install docker` for the Python of ansible-playbook."
        )
    ignore = context / ".dockerignore"
    lines = (line.strip() for line in ignore.read_text().splitlines()) if ignore.exists() else iter(())
    patterns = [line for line in lines if line and not line.startswith("#")]
    names = exclude_paths(str(context), patterns)
    return sorted(name for name in names if not (context / name).is_dir() or (context / name).is_symlink())


def content_hash(context: Path, names: list[str]) -> str:
    """Hash names, execution bits and contents: what decides about the image, and no date."""
    digest = hashlib.sha256()
    for name in names:
        file = context / name
        content = str(file.readlink()).encode() if file.is_symlink() else file.read_bytes()
        executable = not file.is_symlink() and file.stat().st_mode & 0o100
        digest.update(f"{name}\0{'x' if executable else '-'}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:HASH_CHARACTERS]


def git(context: Path, *arguments: str) -> str | None:
    """Ask Git; None where there is no Git, or no checkout."""
    command = ["git", "-C", str(context), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None


def revision(context: Path) -> Revision:
    """Find out a context's revision."""
    if not context.is_dir():
        raise AnsibleLookupError(f"'{context}' is no folder: a build context is a folder with a Dockerfile")
    names = sent_files(context)
    value = content_hash(context, names)
    # %H: the last commit that changed this folder. Work elsewhere in the repository makes no new image.
    log = (git(context, "log", "-1", "--format=%H %ct", "--", ".") or "").split()
    # In a copy without history, as AWX makes them, its one commit seems to have changed every folder.
    if (git(context, "rev-parse", "--is-shallow-repository") or "").strip() == "true":
        log = []
    if not log:
        return Revision(name=f"src.{value}", commit="", dirty=False, hash=value, epoch=0)
    listing = git(context, "status", "--porcelain", "--untracked-files=all", "--no-renames", "-z", "--", ".") or ""
    prefix = (git(context, "rev-parse", "--show-prefix") or "").strip()
    changed = {line[3:].removeprefix(prefix) for line in listing.split("\0") if line}
    ignored = set((git(context, "ls-files", "-z", "--others", "--ignored", "--exclude-standard") or "").split("\0"))
    # A deleted file is not among those that are sent any more: without a way to tell, it counts as sent.
    dirty = any(name in names or not (context / name).exists() for name in changed) or bool(ignored & set(names))
    commit = log[0][:COMMIT_CHARACTERS]
    return Revision(
        name=f"{commit}-dirty.{value}" if dirty else commit, commit=commit, dirty=dirty, hash=value, epoch=int(log[1])
    )


class LookupModule(LookupBase):  # type: ignore[misc] # Ansible has no types
    """Looks up revisions."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return one revision per path."""
        self.set_options(var_options=variables, direct=kwargs)
        return [asdict(revision(Path(term).expanduser())) for term in terms]
