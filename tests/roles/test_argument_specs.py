"""Each role's contract (meta/argument_specs.yml) and its defaults tell the same, both ways."""

from pathlib import Path
from typing import Any

import pytest
import yaml

ROLES = sorted(path.parent.parent for path in Path(__file__).parents[2].glob("roles/*/tasks/main.yml"))


@pytest.fixture(params=ROLES, ids=lambda role: role.name)
def role(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def options(role: Path) -> dict[str, dict[str, Any]]:
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())
    entry_points = specs["argument_specs"].values()
    return {name: option for entry in entry_points for name, option in entry.get("options", {}).items()}


def defaults(role: Path) -> dict[str, Any]:
    path = role / "defaults" / "main.yml"
    return yaml.safe_load(path.read_text()) or {} if path.exists() else {}


def test_every_input_carries_its_role_in_its_name(role: Path) -> None:
    foreign = [name for name in options(role) if not name.startswith(f"{role.name}_")]
    assert not foreign, f"{role.name}: {foreign} must begin with {role.name}_"


def test_every_default_is_described_in_the_contract(role: Path) -> None:
    unknown = sorted(defaults(role).keys() - options(role).keys())
    assert not unknown, f"{role.name}: {unknown} stand in defaults/main.yml but not in meta/argument_specs.yml"


def test_every_default_of_the_contract_is_one(role: Path) -> None:
    promised = {name: option["default"] for name, option in options(role).items() if "default" in option}
    given = defaults(role)
    missing = sorted(promised.keys() - given.keys())
    assert not missing, (
        f"{role.name}: {missing} have a default in meta/argument_specs.yml but none in defaults/main.yml"
    )
    different = {name: (promised[name], given[name]) for name in promised if promised[name] != given[name]}
    assert not different, f"{role.name}: contract and defaults differ (contract, default): {different}"


def test_a_default_in_use_is_told_in_the_contract(role: Path) -> None:
    untold = sorted(name for name in defaults(role) if "default" not in options(role).get(name, {}))
    assert not untold, f"{role.name}: {untold} have a default that meta/argument_specs.yml does not tell"


def test_every_option_is_described(role: Path) -> None:
    def bare(name: str, option: dict[str, Any]) -> list[str]:
        inner = [found for key, value in option.get("options", {}).items() for found in bare(f"{name}.{key}", value)]
        return inner if option.get("description") and option.get("type") else [name, *inner]

    found = [name for key, option in options(role).items() for name in bare(key, option)]
    assert not found, f"{role.name}: {found} need a description and a type"
