"""An inventory has the last word: each input of a role that it sets is in effect, or is refused with what to set instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.playbooks.stage import CHECKOUT, Stage, roles, specification

if TYPE_CHECKING:
    from pathlib import Path

NOT_OF_THE_INVENTORY = {
    "controller": "AWX's objects are data of their own, in awx/data",
    "release": "other roles call it",
    "rollout": "other roles call it",
}
DERIVED: dict[str, str] = yaml.safe_load((CHECKOUT / "playbooks/group_vars/all/derived.yml").read_text())[
    "beacon_derived"
]
INPUTS = {
    name: option
    for role in roles()
    if role not in NOT_OF_THE_INVENTORY
    for name, option in specification(role)["main"].items()
}
CONFIGURATION = (CHECKOUT / "docs/configuration.md").read_text()
EXAMPLES: dict[str, Any] = {
    name: value
    for block in re.findall(r"```yaml\n(.*?)```", CONFIGURATION, re.DOTALL)
    for name, value in yaml.safe_load(block).items()
}
# Another role has to see these first, and hands its answer on
HANDED_ON = {
    "infrastructure_availability_zones": "preflight_availability_zones",
    "infrastructure_deployer_trusted_arns": "preflight_deployer_trusted_arns",
}


def mark(name: str, option: dict[str, Any]) -> Any:
    """Return a value of the input's type that nothing else has."""
    if option.get("options") and option.get("elements") == "dict":
        required = {key: mark(f"{name}.{key}", inner) for key, inner in option["options"].items()}
        return [required]
    if option["type"] == "list":
        return [{"name": f"mark-{name}", "uid": f"mark-{name}"} if option.get("elements") == "dict" else f"mark-{name}"]
    if option["type"] == "dict":
        return {"mark": name}
    if option["type"] == "bool":
        return not option.get("default", False)
    if option["type"] in ("int", "float"):
        return 40_000 + len(name)
    return f"mark-{name}"


def found(value: Any, wanted: Any) -> bool:
    """Return whether a value is the wanted one, or one of its entries."""
    if value == wanted:
        return True
    if isinstance(wanted, list) and isinstance(value, list):
        return all(entry in value for entry in wanted)
    return isinstance(wanted, dict) and isinstance(value, dict) and wanted.items() <= value.items()


@pytest.fixture(scope="module")
def handed(stage: Stage) -> dict[str, list[Any]]:
    """What the roles are given when the inventory sets every input that is not derived."""
    file = own(stage, {name: mark(name, option) for name, option in INPUTS.items() if name not in DERIVED})
    given: dict[str, list[Any]] = {}
    for call in stage.calls("site"):
        for name, value in call.inputs.items():
            given.setdefault(name, []).append(value)
    file.unlink()
    return given


@pytest.mark.parametrize("name", sorted(INPUTS.keys() - DERIVED.keys()))
def test_what_the_inventory_sets_is_in_effect(handed: dict[str, list[Any]], name: str) -> None:
    wanted = mark(name, INPUTS[name])
    given = handed[HANDED_ON.get(name, name)]
    assert any(found(value, wanted) for value in given), f"the inventory's {name} is lost: {given}"


def test_what_the_platform_needs_stays_beside_it(handed: dict[str, list[Any]]) -> None:
    firewalls = [
        rules[:-1] for rules in handed["host_baseline_firewall_rules"]
    ]  # by host; the last one is the inventory's
    network = ["10.42.0.0/16"]
    assert [{"port": 22}, {"port": 9100, "sources": ["10.42.10.20"]}] in firewalls
    assert [{"port": 22, "sources": network}, {"port": 9090, "sources": network}, {"port": 3000}] in firewalls
    assert [user["name"] for user in handed["prometheus_users"][0]][:-1] == ["reader", "agent"]
    assert [user["login"] for user in handed["grafana_users"][0]][:-1] == ["viewer"]
    assert [source["uid"] for source in handed["grafana_datasources"][0]][:-1] == ["prometheus"]
    assert handed["prometheus_node_exporter_targets"][0][:-1] == ["127.0.0.1:9100", "10.42.0.10:9100"]
    assert handed["prometheus_external_labels"][0]["environment"] == "local"
    assert handed["certificate_subject_alt_names"][0][:-1] == [
        "DNS:localhost",
        "IP:127.0.0.1",
        "IP:10.42.10.20",
        "DNS:balancer.invalid",
        "IP:198.51.100.10",
        "IP:198.51.100.11",
    ]


@pytest.mark.parametrize("name", sorted(name for name, instead in DERIVED.items() if instead))
def test_what_to_set_instead_of_a_derived_input_exists(name: str) -> None:
    text = "".join(file.read_text() for file in (CHECKOUT / "inventories").rglob("*.md"))
    instead = DERIVED[name].partition("_secret_")
    documented = f"`{DERIVED[name]}`" in text or (instead[1] and f"`{instead[2]}`" in CONFIGURATION)
    assert DERIVED[name] in INPUTS.keys() - DERIVED.keys() or documented or DERIVED[name].startswith("ansible_")


def test_derived_inputs_are_inputs() -> None:
    assert DERIVED.keys() <= INPUTS.keys()


def test_no_input_stands_beside_the_playbooks() -> None:
    """group_vars of playbooks have precedence over those of an inventory."""
    beside = {
        name
        for file in (CHECKOUT / "playbooks" / "group_vars").rglob("*.yml")
        for name in yaml.safe_load(file.read_text())
    }
    assert beside & INPUTS.keys() == set()


def own(stage: Stage, values: dict[str, Any]) -> Path:
    """Have the inventory set values beside its own."""
    file = stage.inventory / "group_vars" / "all" / "zz_own.yml"
    file.write_text(yaml.safe_dump(values))
    return file


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"grafana_admin_password": "x"},
            (
                "The inventory sets grafana_admin_password, which the playbooks hand over themselves, so it would have no effect. "
                "Instead of grafana_admin_password set beacon_secret_grafana_admin. Nothing was changed."
            ),
        ),
        (
            {"infrastructure_replace": ['aws_instance.host["ops"]']},
            (
                "The inventory sets infrastructure_replace, which the playbooks hand over themselves, so it would have no effect. "
                "Remove infrastructure_replace. Nothing was changed."
            ),
        ),
        (
            {"grafana_port": 3001},
            (
                "The inventory sets grafana_port, which the playbooks hand over themselves, so it would have no effect. "
                "Remove grafana_port. Nothing was changed."
            ),
        ),
        (
            {"beacon_secret_grafana_admn": "x", "beacon_given_secrets": ["slack_url"]},
            (
                "The inventory sets beacon_secret_grafana_admn, and no secret has that name. There are alertmanager, grafana_admin, "
                "grafana_viewer, prometheus_backup, prometheus_reader, remote_write, slack_url; more come with beacon_generated_secrets "
                "and beacon_given_secrets. Nothing was changed."
            ),
        ),
    ],
    ids=["instead", "once", "nothing", "no-secret"],
)
def test_what_would_have_no_effect_is_refused(stage: Stage, values: dict[str, Any], message: str) -> None:
    file = own(stage, values)
    code, text = stage.play("monitor")
    file.unlink()
    assert code == 2, text
    assert message in re.sub(r"\s+", " ", text)
    assert stage.records.read_text() == ""


def test_what_an_operator_adds_is_a_line_each(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples of the documentation, as the roles see them."""
    file = own(stage, EXAMPLES)
    monkeypatch.setenv("GRAFANA_ADMIN_PASSWORD", "from elsewhere")
    calls = {call.role: call.inputs for call in stage.calls("monitor") if call.host != "beacon-local-ops"}
    stage.calls("preflight")  # before any secret is read
    file.unlink()
    grafana, prometheus = calls["grafana"], calls["prometheus"]
    alice = next(user for user in grafana["grafana_users"] if user["login"] == "alice")
    assert alice["password"] == "secret of /beacon/local/grafana-alice"
    assert [user["login"] for user in grafana["grafana_users"]] == ["viewer", "alice"]
    assert grafana["grafana_admin_password"] == "from elsewhere"
    assert {source["uid"] for source in grafana["grafana_datasources"]} == {"prometheus", "elsewhere", "logs"}
    assert grafana["grafana_external_url"] == "https://grafana.example.org/"
    assert grafana["grafana_dashboard_files"] == [f"{stage.inventory}/files/database.json"]
    assert calls["host_baseline"]["host_baseline_firewall_rules"][-1] == {"port": 9200, "sources": ["10.42.0.0/16"]}
    assert prometheus["prometheus_scrape_configs"] == EXAMPLES["prometheus_scrape_configs"]
    assert prometheus["prometheus_remote_write"][0]["basic_auth"]["password"] == "secret of /beacon/local/archive"
    assert prometheus["prometheus_targets"] == EXAMPLES["prometheus_targets"]
    assert prometheus["prometheus_rule_groups"] == EXAMPLES["prometheus_rule_groups"]
    assert prometheus["prometheus_rule_files"] == [f"{stage.inventory}/files/database.yml"]
    assert prometheus["prometheus_external_labels"] == {"environment": "local", "team": "platform"}
    agent = calls["metrics_agent"]
    assert agent["metrics_agent_remote_write_files"] == {"engine": "secret of /beacon/local/engine"}
    assert agent["metrics_agent_remote_write"] == EXAMPLES["metrics_agent_remote_write"]
    assert "DNS:grafana.example.org" in calls["certificate"]["certificate_subject_alt_names"]
    hook = calls["alertmanager"]["alertmanager_receivers"][0]["slack_configs"][0]
    assert hook["api_url"] == "secret of /beacon/local/chat-webhook"
    made = calls["secrets"]["secrets_parameters"]
    assert "/beacon/local/grafana-alice" in made
    assert "/beacon/local/grafana-admin" not in made  # it is elsewhere
    assert "/beacon/local/chat-webhook" not in made  # somebody put it there
