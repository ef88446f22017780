"""The files of this checkout: what git knows, or in an unpacked tarball, which has no repository, what it would know."""

from __future__ import annotations

import subprocess
import tempfile

from . import paths

OTHERS = "collections/ansible"  # a link back to the checkout


def listed(*patterns: str, untracked: bool = False) -> list[str]:
    """Return the tracked files that match, by their names from the checkout on; on request also those about to be tracked."""
    kinds = ["--cached", *(["--others", "--exclude-standard"] if untracked else [])]
    if (paths.CHECKOUT / ".git").exists():
        return _git("ls-files", "-z", *kinds, "--", *patterns)
    with tempfile.TemporaryDirectory() as folder:  # a repository without files, so all are about to be tracked
        _git("init", "--quiet", "--bare", folder)
        known = [f"--git-dir={folder}", f"--work-tree={paths.CHECKOUT}", "-c", "core.bare=false"]
        return _git(*known, "ls-files", "-z", "--others", "--exclude-standard", "--", *patterns)


def _git(*arguments: str) -> list[str]:
    answer = subprocess.run(
        ["git", *arguments], check=True, cwd=paths.CHECKOUT, capture_output=True, text=True, timeout=60
    )
    return [name for name in answer.stdout.split("\0") if name and not name.startswith(OTHERS)]
