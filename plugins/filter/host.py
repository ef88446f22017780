"""Which hosts the roles are for: the one map of systems and architectures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The kernel's word, and the one in the names of release archives and of images' platforms
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# Versions with their code names
SYSTEMS = {"Debian": {"12": "bookworm", "13": "trixie"}, "Ubuntu": {"24.04": "noble"}}


def host_architecture(facts: Mapping[str, Any]) -> str:
    """Return the architecture as release archives name it; the first one while no facts are gathered, as in a check of inputs.

    An architecture without an entry is returned as it is: `host_problem` is what refuses it.
    """
    machine = str(facts.get("architecture", next(iter(ARCHITECTURES))))
    return ARCHITECTURES.get(machine, machine)


def host_problem(facts: Mapping[str, Any]) -> str:
    """Say why the roles are not for a host, by its facts, and what to do; an empty text where they are."""
    system, version, machine = (
        str(facts.get(name, "unknown")) for name in ("distribution", "distribution_version", "architecture")
    )
    known = any(version == each or version.startswith(f"{each}.") for each in SYSTEMS.get(system, {}))
    if known and machine in ARCHITECTURES:
        return ""
    systems = ", ".join(f"{name} {each}" for name, versions in SYSTEMS.items() for each in versions)
    machines = ", ".join(f"{each} ({name})" for each, name in ARCHITECTURES.items())
    return (
        f"The host runs {system} {version} on {machine}: supported are {systems}, each on {machines}. "
        "Take another host, or leave this one out with --limit. Nothing was changed."
    )


class FilterModule:
    """The filters by their names."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return them."""
        return {"host_architecture": host_architecture, "host_problem": host_problem}
