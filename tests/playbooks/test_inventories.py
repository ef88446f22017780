"""The environments say the same names with other values; the collection names its dependencies once and for all."""

import re
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
ONLY_LOCAL = {
    "beacon_network",
    "beacon_public_range",
}  # ranges of the local cloud, which the account's inventory states


def names(inventory: str) -> set[str]:
    files = sorted((CHECKOUT / "inventories" / inventory / "group_vars").rglob("*.yml"))
    return {name for file in files for name in yaml.safe_load(file.read_text())}


def test_both_inventories_have_the_same_names() -> None:
    assert names("local") - ONLY_LOCAL == names("sample")


@pytest.mark.parametrize("inventory", ["local", "sample"])
def test_no_host_is_trusted_at_first_sight(inventory: str) -> None:
    hosts = yaml.safe_load((CHECKOUT / "inventories" / inventory / "group_vars/all/hosts.yml").read_text())
    assert (
        hosts["ansible_host_key_checking"] is True
    )  # else Ansible itself says StrictHostKeyChecking=no, and ssh takes the first
    assert "-o StrictHostKeyChecking=yes" in hosts["beacon_ssh_options"]
    for folder in ("inventories", "playbooks", "roles", "awx"):
        for file in (CHECKOUT / folder).rglob("*.yml"):
            assert not re.search(r"StrictHostKeyChecking=(?!yes)", file.read_text()), file


def test_playbooks_and_inventories_do_not_say_the_same_thing_twice() -> None:
    wired = {
        name
        for file in (CHECKOUT / "playbooks" / "group_vars").glob("*.yml")
        for name in yaml.safe_load(file.read_text())
    }
    assert wired & names("local") == set()


def test_the_pinned_collections_satisfy_the_collections_dependencies() -> None:
    pins = {
        item["name"]: item["version"]
        for item in yaml.safe_load((CHECKOUT / "collections" / "requirements.yml").read_text())["collections"]
    }
    wanted = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text())["dependencies"]
    assert wanted.keys() == pins.keys()
    for name, rule in wanted.items():
        assert rule.startswith(f">={pins[name].rsplit('.', 1)[0]}"), f"{name}: {rule} and {pins[name]}"


def test_only_where_nobody_else_asks_counters_have_to_rise_by_exactly_the_requests_of_verify() -> None:
    def value(inventory: str) -> bool:
        file = CHECKOUT / "inventories" / inventory / "group_vars" / "all" / "monitoring.yml"
        return bool(yaml.safe_load(file.read_text())["beacon_verify_exactly"])

    assert (value("local"), value("sample")) == (True, False)
    quiet = yaml.safe_load((CHECKOUT / "playbooks" / "tasks" / "verify" / "before.yml").read_text())[0]
    assert quiet["when"] == "verify_exactly"
