"""Each role's Molecule scenario, in two lanes that share the work."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import TYPE_CHECKING

from . import paths, processes
from .phases import Phases, environment, program

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = paths.CHECKOUT / "molecule"
DISTRIBUTION = "MOLECULE_DISTRIBUTION"  # what the scenarios' hosts run


def names() -> list[str]:
    """Return the scenarios: each role's has its name. Where a distribution is chosen, they are those that have a host."""
    roles = (path.name for path in (paths.CHECKOUT / "roles").iterdir())
    found = sorted(role for role in roles if exists(role))
    return [name for name in found if has_host(name)] if os.environ.get(DISTRIBUTION) else found


def exists(scenario: str) -> bool:
    """Tell whether this checkout has a scenario of this name."""
    return (FOLDER / scenario / "molecule.yml").exists()


def has_host(scenario: str) -> bool:
    """Tell whether a scenario plays on a host of its own: it leaves its creation to `default`."""
    return "create:" not in (FOLDER / scenario / "molecule.yml").read_text()


def needs(scenario: str) -> str:
    """Return what a scenario works on: a `machine` of its own, or of Molecule's local cloud the `api` or its `cluster`."""
    text = (FOLDER / scenario / "molecule.yml").read_text()
    if "../cloud/create.yml" not in text:
        return "machine"
    return "cluster" if "molecule_cloud: cluster" in text else "api"


def lanes(chosen: list[str]) -> tuple[list[str], list[str]]:
    """Return what each lane takes, in its order, as far as the other has not.

    The first begins with own machines, the second with the cluster, whose scenarios run one at a time.
    """
    machine, api, cluster = ([name for name in chosen if needs(name) == kind] for kind in ("machine", "api", "cluster"))
    return machine + api[::-1], cluster + api + machine[::-1]


@dataclass
class Run:
    """Scenarios that are to run, and those that failed."""

    phases: Phases
    waiting: set[str]
    failed: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    cloud_is_there: Event = field(default_factory=Event)

    def molecule(self, verb: str, scenario: str) -> None:
        """Run a verb of Molecule, and note when it fails."""
        name = scenario if verb == "test" else f"{verb} {scenario}"
        command = (program("molecule"), verb, "-s", scenario)
        variables = environment()
        variables["PATH"] = os.pathsep.join([str(FOLDER / "bin"), variables["PATH"]])
        log = log_folder() / f"{name}.log"
        if not self.phases.passes(name, *command, environment=variables, limit=1200, log=log):
            self.failed.append(name)

    def bring_the_cloud(self) -> None:
        """Have a new one: what a run that was cut short left would be taken for the one that is shared."""
        try:
            for verb in ("destroy", "create"):
                self.molecule(verb, "cloud")
        finally:
            self.cloud_is_there.set()  # nobody waits for one that can't be had

    def lane(self, names: list[str]) -> None:
        """Run what of these no other lane has taken."""
        for name in names:
            if needs(name) != "machine":
                self.cloud_is_there.wait()
            with self.lock:
                mine = name in self.waiting
                self.waiting.discard(name)
            if mine:
                self.molecule("test", name)


def log_folder() -> Path:
    """Return the folder of the logs; `make down` removes it."""
    return paths.state() / "molecule"


def run_all(phases: Phases, chosen: list[str]) -> list[str]:
    """Run them all, also after one failed; return the names of those that did."""
    run = Run(phases, set(chosen))
    machines, cloud = lanes(chosen)
    shared = any(needs(name) != "machine" for name in chosen)
    with processes.threads(1) as pool:
        other = pool.submit(run.lane, machines)
        if shared:
            run.bring_the_cloud()
        run.lane(cloud)
        other.result()
    if shared:
        run.molecule("destroy", "cloud")
    return run.failed
