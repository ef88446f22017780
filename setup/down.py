"""`make down`: the reverse of `make up`; the cache and all other environments stay."""

from __future__ import annotations

import shutil
import subprocess

from . import engine, paths, processes, scenarios
from .phases import Phases, environment, program

# stages of the image's build that the engine keeps as its cache
BUILD_STAGES = "label=beacon.build=webapp"


def close_tunnels() -> None:
    """End the ssh connections that `playbooks/access.yml` left open to the local environment."""
    for tunnel in (paths.state() / paths.LOCAL_ENVIRONMENT).glob("tunnel-*"):
        if tunnel.is_socket():
            command = ["ssh", "-S", str(tunnel), "-O", "exit", "beacon"]
            subprocess.run(command, check=False, capture_output=True, timeout=30)  # one that ended already is fine


def destroy_scenarios(phases: Phases) -> None:
    """Remove what Molecule left where a run of it was cut short; each scenario keeps a folder until it is destroyed.

    A scenario that this checkout lacks is another one's: it is named, and stays.
    """
    kept = [path.name for path in (paths.cache() / "work" / "molecule").glob("*") if path.is_dir()]
    for scenario in [name for name in kept if not scenarios.exists(name)]:
        kept.remove(scenario)
        print(
            f"scenario {scenario} is of another checkout: there `molecule destroy -s {scenario}` removes it", flush=True
        )
    for scenario in sorted(kept, key=lambda name: (name == "cloud", name)):  # others work on the cloud
        command = (program("molecule"), "destroy", "-s", scenario)
        phases.run(f"molecule {scenario}", *command, environment=environment(), limit=300)


def remove_local_state() -> list[str]:
    """Remove the local environment's part of the state directory; return the names of the environments that stay."""
    for directory in paths.local_state():
        if directory.exists():
            shutil.rmtree(directory)
    if not paths.state().exists():
        return []
    others = sorted(path.name for path in paths.state().iterdir())
    if not others:
        paths.state().rmdir()
    return others


def down(phases: Phases) -> None:
    """Remove the local environment's containers, networks, volumes, processes and files; safe to repeat.

    Raises PhaseError when a part can't be removed.
    """
    processes.go_on()
    close_tunnels()
    python = program("python")
    if engine.answers():
        phases.run("stages", "docker", "image", "prune", "--force", "--filter", BUILD_STAGES, environment=environment())
        destroy_scenarios(phases)
        phases.run("local cloud", python, "-m", "localcloud", "down", environment=environment(), limit=300)
    phases.run("mirror", python, "-m", "mirror", "stop", environment=environment(), limit=60)
    engine.stop()
    others = remove_local_state()
    kept = f" and, in {paths.state()}, {', '.join(others)}" if others else ""
    print(f"nothing is left but the cache, {paths.cache()}{kept}")
