"""`make down`: the reverse of `make up`; only the cache stays."""

from __future__ import annotations

import shutil
import subprocess

from . import engine, paths
from .phases import Phases, environment, program

# stages of the image's build that the engine keeps as its cache
BUILD_STAGES = "label=beacon.build=webapp"


def close_tunnels() -> None:
    """End the ssh connections that `playbooks/access.yml` left open for a person."""
    for tunnel in paths.state().glob("*/tunnel-*"):
        if tunnel.is_socket():
            command = ["ssh", "-S", str(tunnel), "-O", "exit", "beacon"]
            subprocess.run(command, check=False, capture_output=True, timeout=30)  # one that ended already is fine


def destroy_scenarios(phases: Phases) -> None:
    """Remove what Molecule left where a run of it was cut short; each scenario keeps a folder until it is destroyed."""
    kept = [path.name for path in (paths.cache() / "work" / "molecule").glob("*") if path.is_dir()]
    for scenario in sorted(kept, key=lambda name: (name == "cloud", name)):  # others work on the cloud
        command = (program("molecule"), "destroy", "-s", scenario)
        phases.run(f"molecule {scenario}", *command, environment=environment(), limit=300)


def down(phases: Phases) -> None:
    """Remove containers, networks, volumes, processes and files of ours; safe to repeat.

    Raises PhaseError when a part can't be removed.
    """
    close_tunnels()
    python = program("python")
    if engine.answers():
        phases.run("stages", "docker", "image", "prune", "--force", "--filter", BUILD_STAGES, environment=environment())
        destroy_scenarios(phases)
        phases.run("local cloud", python, "-m", "localcloud", "down", environment=environment(), limit=300)
    phases.run("mirror", python, "-m", "mirror", "stop", environment=environment(), limit=60)
    engine.stop()
    if paths.state().exists():
        shutil.rmtree(paths.state())
    print(f"nothing is left but the cache, {paths.cache()}")
