"""Systems and architectures: one map, and a refusal in words."""

import pytest

from plugins.filter.host import ARCHITECTURES, SYSTEMS, host_architecture, host_problem

PROBLEM = (
    "The host runs {}: supported are Debian 12, Debian 13, Ubuntu 24.04, each on x86_64 (amd64), aarch64 (arm64). "
    "Take another host, or leave this one out with --limit. Nothing was changed."
)


def facts(system: str, version: str, machine: str) -> dict[str, str]:
    """Return what Ansible gathers of a host."""
    return {"distribution": system, "distribution_version": version, "architecture": machine}


@pytest.mark.parametrize("machine", ARCHITECTURES)
@pytest.mark.parametrize(("system", "version"), [(name, each) for name, given in SYSTEMS.items() for each in given])
def test_what_is_supported_has_no_problem(system: str, version: str, machine: str) -> None:
    point_release = f"{version}.4" if system == "Debian" else version
    assert host_problem(facts(system, point_release, machine)) == ""


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (facts("Debian", "11.9", "x86_64"), "Debian 11.9 on x86_64"),
        (facts("Debian", "130", "x86_64"), "Debian 130 on x86_64"),
        (facts("Ubuntu", "22.04", "aarch64"), "Ubuntu 22.04 on aarch64"),
        (facts("Fedora", "42", "x86_64"), "Fedora 42 on x86_64"),
        (facts("Debian", "13.1", "riscv64"), "Debian 13.1 on riscv64"),
        ({}, "unknown unknown on unknown"),
    ],
)
def test_anything_else_is_refused_with_what_it_is(found: dict[str, str], words: str) -> None:
    assert host_problem(found) == PROBLEM.format(words)


def test_architectures_are_named_as_releases_name_them() -> None:
    assert [host_architecture({"architecture": each}) for each in ("x86_64", "aarch64", "riscv64")] == [
        "amd64",
        "arm64",
        "riscv64",
    ]
    assert host_architecture({}) == "amd64"
