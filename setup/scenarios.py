"""Each role's Molecule scenario: those with machines of their own beside those that share a local cloud."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from . import paths
from .phases import PhaseError, Phases, environment, program

FOLDER = paths.CHECKOUT / "molecule"


def names() -> list[str]:
    """Return the scenarios: each role's has its name."""
    roles = (path.name for path in (paths.CHECKOUT / "roles").iterdir())
    return sorted(role for role in roles if (FOLDER / role / "molecule.yml").exists())


def shares_the_cloud(scenario: str) -> bool:
    """Tell whether a scenario works on Molecule's own local cloud, rather than on a machine of its own."""
    return "../cloud/create.yml" in (FOLDER / scenario / "molecule.yml").read_text()


def steps(chosen: list[str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return verbs and scenarios of the two lanes, which can run at once: on own machines, on the shared cloud."""
    own = [("test", name) for name in chosen if not shares_the_cloud(name)]
    shared = [("test", name) for name in chosen if shares_the_cloud(name)]
    # first of all away with one that a run which was cut short left: it would be taken for the one that is shared
    return own, [("destroy", "cloud"), ("create", "cloud"), *shared, ("destroy", "cloud")] if shared else []


def run_all(phases: Phases, chosen: list[str]) -> list[str]:
    """Run them all, also after one failed; return the names of those that did."""
    logs = paths.state() / "molecule"
    logs.mkdir(parents=True, exist_ok=True)

    def run(verb: str, scenario: str) -> str:
        name = scenario if verb == "test" else f"{verb} {scenario}"
        command = (program("molecule"), verb, "-s", scenario)
        try:
            phases.run(name, *command, environment=environment(), limit=1200, log=logs / f"{name}.log")
        except PhaseError as error:
            print(error, flush=True)
            return name
        print(f"    {name}: ok after {phases.seconds[name]:.0f} s", flush=True)
        return ""

    def run_lane(lane: list[tuple[str, str]]) -> list[str]:
        return [name for step in lane if (name := run(*step))]

    with ThreadPoolExecutor(max_workers=2) as pool:
        return [name for failed in pool.map(run_lane, steps(chosen)) for name in failed]
