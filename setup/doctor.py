"""`make doctor`: everything that is looked for before a verb begins, and of what runs; it only looks. Made for bug reports."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import clean, environment, machine, paths, prerequisites, shown, stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .missing import Check

SECONDS = 20.0  # for each question to what runs
PROBLEMS = 2
UNREADABLE = (OSError, ValueError, LookupError, subprocess.SubprocessError)


def doctor() -> int:
    """Print a line for each check; return 0, or 2 when there are problems."""
    print(shown.public("\n".join(facts())) + "\n")
    ill = 0
    for check in prerequisites.STACK:
        problems = list(looked(check))
        ill += len(problems)
        for text in problems or ["fine"]:
            print(shown.row(check.name, not problems, text), flush=True)
    for name, answer in stack.look(SECONDS).items():
        ill += answer.well is False
        print(shown.row(name, answer.well, answer.text))
    print(f"\n{f'{ill} problem' + ('s' if ill > 1 else '') if ill else 'no problem'}; nothing was changed")
    return PROBLEMS if ill else 0


def looked(check: Check) -> Iterator[str]:
    """Return what a check misses; one that can't be made is a problem, too."""
    try:
        yield from map(str, check.look())
    except UNREADABLE as error:
        yield f"can't be looked at: {type(error).__name__}: {error}"


def facts() -> Iterator[str]:
    """Say what this is, where it runs, and what the caller has set of what counts."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield f"Beacon            {_revision()}, in {paths.CHECKOUT}"
    yield (
        f"machine           {_system()}, Linux {platform.release()} {platform.machine()}, {os.cpu_count()} cores, "
        f"{memory:.1f} GiB of memory"
    )
    yield f"Python            {platform.python_version()}; .venv is {environment.state_of(paths.VENV)}"
    yield f"cache             {paths.cache()}, {machine.free_gib(paths.cache()):.0f} GiB free"
    yield f"state             {paths.state()}"
    own = [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith(clean.OURS)]
    yield f"settings          {', '.join(own) or 'none'}"
    network = sorted(name for name in clean.NETWORK if name in os.environ)
    yield f"network settings  {', '.join(network) or 'none'}"  # their values may hold passwords


def _revision() -> str:
    if not (paths.CHECKOUT / ".git").exists():
        return "of a tarball"
    command = ["git", "--no-optional-locks", "describe", "--always", "--dirty"]
    try:
        answer = subprocess.run(
            command,
            check=True,
            cwd=paths.CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=20,
        )
    except UNREADABLE:
        return "of a repository that git can't read"
    return answer.stdout.strip()


def _system() -> str:
    file = Path("/etc/os-release")
    lines = file.read_text().splitlines() if file.exists() else []
    return next((line.partition("=")[2].strip('"') for line in lines if line.startswith("PRETTY_NAME=")), sys.platform)
