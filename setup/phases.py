"""Runs one step after the other, and says how long each took."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import clean, durations, paths, processes, progress

if TYPE_CHECKING:
    from pathlib import Path

LOG_TAIL = 60


class PhaseError(Exception):
    """A step failed; its own output, just above, says why."""


@dataclass
class Phases:
    """The steps of a run, with their seconds."""

    seconds: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)

    def run(
        self,
        name: str,
        *command: str,
        environment: dict[str, str] | None = None,
        limit: float = 3600,
        log: Path | None = None,
        shown_as: str = "",
    ) -> None:
        """Run a step with its output passed through, or into a log where several run at once.

        With a name for its duration it is shown how long it takes, and that it lives, while it says nothing.

        Raises PhaseError when it fails or takes longer than `limit` seconds; with a log, its end is in the message.
        """
        processes.check_interrupted()
        hint = durations.hint(shown_as) if shown_as else ""
        print(f"\n==> {name}{hint}: {' '.join(command)}{f' (log: {log})' if log else ''}", flush=True)
        started = time.monotonic()
        try:
            if shown_as:
                self._show(shown_as, *command, environment=environment, limit=limit)
                return
            with log.open("wb") if log else nullcontext() as output:
                processes.run(*command, cwd=paths.CHECKOUT, environment=environment, limit=limit, output=output)
        except processes.CommandError as error:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL:]) + "\n" if log else ""
            raise PhaseError(f"{tail}{name} failed after {time.monotonic() - started:.0f} s: {error}") from error
        finally:
            # a step may come again: what it cost is the sum
            self.seconds[name] = self.seconds.get(name, 0) + time.monotonic() - started

    def passes(self, name: str, *command: str, environment: dict[str, str], limit: float, log: Path) -> bool:
        """Run a step beside others, with its output in a log; say how it went."""
        log.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.run(name, *command, environment=environment, limit=limit, log=log)
        except PhaseError as error:
            print(error, flush=True)
            return False
        print(f"    {name}: ok after {self.seconds[name]:.0f} s", flush=True)
        return True

    def _show(self, name: str, *command: str, environment: dict[str, str] | None, limit: float) -> None:
        with progress.show() as shown:
            shown.begin(name, f"at {name}", told=True)
            colours = {"ANSIBLE_FORCE_COLOR": "1"} if isinstance(shown, progress.Screen) and environment else {}
            seen = None if environment is None else {**environment, **colours}
            processes.run(*command, cwd=paths.CHECKOUT, environment=seen, limit=limit, read=shown.pass_on)
            shown.end(name)

    def table(self) -> str:
        """Return the steps and their seconds as lines of text."""
        rows = [*self.seconds.items(), ("all", time.monotonic() - self.started)]
        return "\n".join(f"  {name:<12} {seconds:6.1f} s" for name, seconds in rows)


def program(name: str) -> str:
    """Return the path of a program of the environment."""
    return str(paths.VENV / "bin" / name)


def environment() -> dict[str, str]:
    """Return what every step needs: this environment's programs first, and the folders by their names."""
    configuration = paths.cache() / "terraform" / "cli.tfrc"  # by `python -m mirror terraform`
    return {
        **clean.environment(os.environ),
        **({"TF_CLI_CONFIG_FILE": str(configuration)} if configuration.exists() else {}),
        "PATH": os.pathsep.join(
            [str(paths.VENV / "bin"), os.environ["PATH"], str(paths.cache() / "terraform" / "bin")]
        ),
        "BEACON_CACHE": str(paths.cache()),
        "BEACON_STATE": str(paths.state()),
        "ANSIBLE_CONFIG": str(paths.CHECKOUT / "ansible.cfg"),
        "PYTHONUNBUFFERED": "1",
        **({"PYTHONDONTWRITEBYTECODE": "1"} if sys.dont_write_bytecode else {}),  # who only looks writes no file
    }


def local_cloud_environment(seconds: float = 60) -> dict[str, str]:
    """Return `environment()` with what `python -m localcloud env` exports; all that is asked is this machine's own."""
    command = [program("python"), "-m", "localcloud", "env"]
    answer = subprocess.run(
        command, check=True, cwd=paths.CHECKOUT, env=environment(), stdout=subprocess.PIPE, text=True, timeout=seconds
    )
    direct = {name: value for name, value in environment().items() if name not in clean.PROXIES}
    return {**direct, **exported(answer.stdout), "NETRC": os.devnull}


def exported(text: str) -> dict[str, str]:
    """Return the variables that lines `export NAME=VALUE`, quoted for a shell, hold."""
    words = (shlex.split(line) for line in text.splitlines() if line.startswith("export "))
    return dict(assignment.split("=", 1) for _, assignment in words)


def report(error: PhaseError, phases: Phases) -> int:
    """Say what failed and how far it came; return the exit code."""
    print(f"\n{error}\n{phases.table()}", file=sys.stderr)
    return 1
