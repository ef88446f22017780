"""python3 -m setup VERB: what the Makefile's verbs do."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from . import checks, engine, environment, prerequisites, webapp
from .down import down
from .phases import PhaseError, Phases, report
from .up import up, verify

if TYPE_CHECKING:
    from collections.abc import Callable


def setup(_: Phases) -> None:
    """Nothing more: every verb prepares the machine first."""


def lock(_: Phases) -> None:
    """Resolve the requirements anew."""
    python = prerequisites.python()
    images = ("webapp/requirements", "webapp/requirements-sbom")
    for name in ("requirements", "requirements-checkov", "requirements-awx", *images, "benchmarks/webapp/requirements"):
        environment.lock(python, name)


FUNCTIONS = (
    setup,
    up,
    verify,
    down,
    checks.test,
    checks.lint,
    checks.unit,
    checks.molecule,
    checks.e2e,
    checks.again,
    checks.soak,
    checks.awx_test,
    webapp.webapp_test,
    webapp.bench_webapp,
    lock,
)
VERBS: dict[str, Callable[[Phases], None]] = {function.__name__.replace("_", "-"): function for function in FUNCTIONS}


def prepare(verb: str) -> int:
    """Check, then prepare: nothing is changed while something is missing."""
    missing = [] if verb == "down" else prerequisites.missing()
    if missing:
        print("This machine lacks:", *(f"  - {item}" for item in missing), sep="\n", file=sys.stderr)
        return 2
    environment.ensure(prerequisites.python())
    if verb != "down":
        engine.ensure()
    return 0


def main(arguments: list[str]) -> int:
    """Do what the verb says; return the exit code: 1 it failed, 2 the machine lacks something or the verb is unknown."""
    if len(arguments) != 1 or arguments[0] not in VERBS:
        print(f"usage: python3 -m setup VERB, not {arguments}; verbs: {', '.join(VERBS)}", file=sys.stderr)
        return 2
    phases = Phases()
    try:
        code = prepare(arguments[0])
        if not code:
            VERBS[arguments[0]](phases)
    except PhaseError as error:
        return report(error, phases)
    except (subprocess.SubprocessError, RuntimeError) as error:
        print(f"set-up failed: {error}", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
