"""python3 -m setup VERB: what the Makefile's verbs do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import checks, clean, engine, environment, ownership, paths, prerequisites, processes, webapp
from .doctor import doctor
from .down import down
from .missing import missing
from .phases import PhaseError, Phases, program, report
from .status import status
from .up import up, verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from .missing import Check


def setup(_: Phases) -> None:
    """Say what comes next: every verb prepares the machine first."""
    docker = (
        "" if engine.answers() else "\nNo Docker engine answers: building the image (beacon.platform.build) needs one."
    )
    print(
        "The environment .venv is ready: `. .venv/bin/activate`. For an AWS account go on with the README's section "
        f'"On AWS"; for the local environment, `make up` checks and prepares the rest.{docker}'
    )


# These only look: nothing is checked or prepared first, and they need nothing but a Python.
LOOKS: dict[str, Callable[[], int]] = {"status": status, "doctor": doctor}


def lock(_: Phases) -> None:
    """Resolve the requirements anew."""
    python = prerequisites.python()
    images = ("webapp/requirements", "webapp/requirements-sbom")
    for name in (
        "requirements",
        "requirements-checkov",
        "requirements-awx",
        "requirements-oldest",
        "requirements-docs",
        *images,
        "benchmarks/webapp/requirements",
    ):
        environment.lock(python, name)


FUNCTIONS = (
    setup,
    up,
    verify,
    down,
    checks.test,
    checks.lint,
    checks.unit,
    checks.sanity,
    checks.docs,
    checks.molecule,
    checks.e2e,
    checks.again,
    checks.soak,
    checks.day2,
    checks.permissions,
    checks.kills,
    checks.hostile,
    checks.suites,
    checks.awx_test,
    webapp.webapp_test,
    webapp.bench_webapp,
    lock,
)
VERBS: dict[str, Callable[[Phases], None]] = {function.__name__.replace("_", "-"): function for function in FUNCTIONS}


# What a verb needs, where it is less than an engine and its builders, or more: ports matter to who starts a stack on them.
NEEDS: dict[str, tuple[Check, ...]] = {
    **dict.fromkeys(("setup", "lock", "sanity", "docs"), prerequisites.PLAYBOOKS),
    "lint": prerequisites.GATES,
    **dict.fromkeys(("up", "test", "day2"), prerequisites.STACK),
    "down": (ownership.CHECK,),
}


def prepare(verb: str) -> int:
    """Check, then prepare: nothing is changed while something is missing."""
    needs = NEEDS.get(verb, prerequisites.ENGINE)
    if lacks := missing(needs):
        print("This machine lacks:", *(f"  - {item}" for item in lacks), sep="\n", file=sys.stderr)
        return 2
    uses_engine = set(prerequisites.ENGINE) <= set(needs)
    if set(prerequisites.PLAYBOOKS) <= set(needs):
        prerequisites.install({**prerequisites.PROGRAMS, **(prerequisites.LOCAL_PROGRAMS if uses_engine else {})})
    environment.ensure(prerequisites.python())
    if uses_engine:
        engine.ensure()
    return 0


# These show themselves what goes on, which .venv can do better on a terminal: it has rich.
SHOWN = {"up", "verify"}


def go_on_in_venv(verb: str) -> None:
    """Become the same verb, run by the Python of .venv, for what a terminal can show."""
    if verb in SHOWN and sys.stdout.isatty() and Path(sys.prefix).resolve() != paths.VENV.resolve():
        os.execv(program("python"), [program("python"), "-E", "-m", "setup", verb])  # noqa: S606 # a list, no shell


def main(arguments: list[str]) -> int:
    """Do what the verb says; return its exit code, 1 when it failed, 2 when the machine lacks something or the verb is unknown."""
    if len(arguments) != 1 or arguments[0] not in {**VERBS, **LOOKS}:
        print(f"usage: python3 -m setup VERB, not {arguments}; verbs: {', '.join([*VERBS, *LOOKS])}", file=sys.stderr)
        return 2
    phases = Phases()
    try:
        if arguments[0] in LOOKS:
            return LOOKS[arguments[0]]()
        code = prepare(arguments[0])
        if not code:
            go_on_in_venv(arguments[0])
            VERBS[arguments[0]](phases)
    except PhaseError as error:
        return report(error, phases)
    except (subprocess.SubprocessError, processes.CommandError, RuntimeError) as error:
        print(f"set-up failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nstopped; `make {arguments[0]}` goes on from here", file=sys.stderr)
        return processes.INTERRUPTED
    return code


if __name__ == "__main__":
    clean.enter()
    processes.interruptible()
    sys.exit(main(sys.argv[1:]))
