"""`make down`: the reverse of `make up`; only the cache stays."""

from __future__ import annotations

import shutil

from . import engine, paths
from .phases import Phases, environment, program

LABELS = ("beacon.localcloud", "beacon.molecule")


def down(phases: Phases) -> None:
    """Remove containers, networks, volumes, processes and files of ours; safe to repeat.

    Raises PhaseError when a part can't be removed.
    """
    python = program("python")
    if engine.answers():
        phases.run("local cloud", python, "-m", "localcloud", "down", environment=environment(), limit=300)
    phases.run("mirror", python, "-m", "mirror", "stop", environment=environment(), limit=60)
    engine.stop()
    shutil.rmtree(paths.state(), ignore_errors=False) if paths.state().exists() else None
    print(f"nothing is left but the cache, {paths.cache()}")
