"""python -m setup.gate NAME…: single gates of `make lint`, for pre-commit and for workflows. Without a name: lists them."""

from __future__ import annotations

import sys

from . import checks, clean, prerequisites, processes
from . import environment as environments
from .phases import PhaseError, Phases, environment


def main(names: list[str]) -> int:
    """Run these gates; return 1 when one fails, 2 for a name that is none."""
    gates = checks.gates()
    unknown = [name for name in names if name not in gates]
    if unknown or not names:
        print(f"usage: python -m setup.gate NAME…, not {unknown}; gates: {', '.join(gates)}", file=sys.stderr)
        return 2
    if "checkov" in names:
        environments.ensure(prerequisites.python(), "requirements-checkov", checks.CHECKOV)
    phases = Phases()
    try:
        for name in names:
            phases.run(name, *gates[name], environment=environment(), limit=900)
    except PhaseError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return processes.INTERRUPTED
    return 0


if __name__ == "__main__":
    clean.enter()
    processes.interruptible()
    sys.exit(main(sys.argv[1:]))
