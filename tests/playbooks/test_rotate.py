"""Rotating passwords and keys: which steps in which order, and what is refused. The agent never has a password that is not accepted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.playbooks.stage import CHECKOUT, FACTS, HOSTS, MODULES, Call, Stage
from tests.playbooks.test_bad_input import play

if TYPE_CHECKING:
    from pathlib import Path

ALLOWED = "alertmanager, grafana_admin, grafana_viewer, prometheus_reader, remote_write, ca, ssh"
ISSUING, OTHER = (f"-----BEGIN CERTIFICATE-----\n{name}\n-----END CERTIFICATE-----\n" for name in ("NEW", "OLD"))
EFFECT = ["certificate", "alertmanager", "prometheus", "grafana"]  # how all of the hosts' servers get what they need

IN_USE = ["certificate served", "prometheus samples"]

ROTATING = "return {'missing': [], 'parameters': {name: 'secret of ' + name for name in arguments['names']}}"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A stage on which each secret has a previous value, which is another one."""
    monkeypatch.setitem(MODULES, "ssm_parameter_info", ROTATING)
    made = Stage(tmp_path)
    made.set_up()
    return made


def step(call: Call) -> str:
    """Return what a call does, with the name that the agent logs in by and what it is given."""
    if call.entry == "rotate":
        return str(call.inputs[f"{call.role}_rotation"]) + (" ca" if call.role == "certificate" else "")
    if call.role == "metrics_agent":
        return f"{call.inputs['metrics_agent_remote_write_user']}: {call.inputs['metrics_agent_remote_write_password']}"
    return f"{call.role} {call.entry}".removesuffix(" main")


def steps(calls: list[Call]) -> list[str]:
    """Return what is done with secrets, by servers and by the agent."""
    roles = ("secrets", "certificate", "alertmanager", "prometheus", "grafana", "metrics_agent")
    return [step(call) for call in calls if call.role in roles]


def test_the_agent_moves_to_what_is_accepted_already(stage: Stage) -> None:
    calls = stage.calls("rotate", "-e", "rotate_what=remote_write")
    current, previous = "secret of /beacon/local/remote-write", "secret of /beacon/local/previous/remote-write"
    assert steps(calls) == [
        "begin",
        "certificate",
        "prometheus",
        f"agent-previous: {previous}",
        "change",
        *EFFECT,
        f"agent: {current}",
        "prometheus samples",
        "end",
        "certificate",
        "prometheus",
    ]
    accepted = [
        {user["name"]: user["password"] for user in call.inputs["prometheus_users"]}
        for call in calls
        if (call.role, call.entry) == ("prometheus", "main")
    ]
    reader = {"reader": "secret of /beacon/local/prometheus-reader"}
    assert accepted == [{**reader, "agent": current, "agent-previous": previous}] * 3


def test_only_what_is_asked_for_changes_and_the_agent_stays(stage: Stage) -> None:
    code, text = stage.play("rotate", "-e", "rotate_what=grafana_viewer,grafana_admin")
    assert code == 0, text
    assert "Rotated: grafana_viewer, grafana_admin. The old ones are refused from now on." in " ".join(text.split())
    calls = stage.recorded()
    assert steps(calls) == ["begin", "change", *EFFECT, "end"]
    asked = [call.inputs["secrets_parameters"] for call in calls if call.role == "secrets"]
    assert asked == [["/beacon/local/grafana-viewer", "/beacon/local/grafana-admin"]] * 3


def test_a_ca_issues_only_when_everybody_trusts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = {"certificate": "CERT", "private_key": "KEY", "ca_certificate": ISSUING + OTHER}
    monkeypatch.setitem(FACTS, "certificate:main", {"certificate_result": result})
    monkeypatch.setitem(MODULES, "ssm_parameter_info", ROTATING)
    stage = Stage(tmp_path)
    stage.set_up()
    calls = stage.calls("rotate", "-e", "rotate_what=ca")
    agent = "agent: secret of /beacon/local/remote-write"
    assert steps(calls) == [
        "begin ca",
        *EFFECT,
        agent,
        "change ca",
        *EFFECT,
        *IN_USE,
        "end ca",
        *EFFECT,
        agent,
        *IN_USE,
    ]
    (taken, *_) = [call.inputs for call in calls if call.entry == "rotate"]
    names = {"private_key": "/beacon/local/ca-private-key", "certificate": "/beacon/local/ca-certificate"}
    assert taken["certificate_ca_parameters"] == names
    assert taken["certificate_tags"] == {"Project": "beacon", "Environment": "local"}
    (served, *_) = [call.inputs for call in calls if call.entry == "served"]
    ports = [(server["service"], int(server["port"])) for server in served["certificate_servers"]]
    assert ports == [("prometheus", 9090), ("alertmanager", 9093), ("grafana", 3000)]
    assert served["certificate_ca"] == ISSUING  # of both
    trusted = [call.inputs["metrics_agent_remote_write_ca"] for call in calls if call.role == "metrics_agent"]
    assert trusted == ["secret of /beacon/local/ca-certificate"] * 2


def let_in(calls: list[Call]) -> list[tuple[str, str, str]]:
    """Return which keys of the environment each host is told to let in."""
    return [
        (
            call.host.removeprefix("beacon-local-"),
            call.inputs["ssh_access_environment_key"].removeprefix("ssh-ed25519 "),
            call.inputs["ssh_access_environment_next_key"].removeprefix("ssh-ed25519 "),
        )
        for call in calls
        if call.role == "ssh_access"
    ]


def test_hosts_let_in_both_ssh_keys_until_the_new_one_is_proven(stage: Stage) -> None:
    calls = stage.calls("rotate", "-e", "rotate_what=ssh")
    both = [("ops", "environment", "next"), ("monitoring", "environment", "next")]
    assert sorted(let_in(calls)[:2]) == sorted(both)
    assert sorted(let_in(calls)[2:]) == [("monitoring", "next", ""), ("ops", "next", "")]
    assert steps(calls) == []


def test_a_host_that_does_not_answer_ends_the_rotation_before_the_key_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = {
        "ansible_connection": "ssh",
        "ansible_port": 9,
        "ansible_host": "127.0.0.1",
        "aws_instance_id": "i-monitoring",
    }
    monkeypatch.setitem(HOSTS["all"]["children"], "monitoring", {"hosts": {"beacon-local-monitoring": away}})
    stage = Stage(tmp_path)
    stage.set_up()
    code, text = stage.play("rotate", "-e", "rotate_what=ssh", "-e", "hosts_timeout=2")
    assert code != 0
    assert "PLAY [Let in both ssh keys]" in text
    assert "PLAY [Let the agent log in by what is taken, and change]" not in text


def test_all_are_those_that_are_made_here(stage: Stage) -> None:
    calls = stage.calls(
        "rotate", "--check", "-e", "rotate_what=all", "-e", '{"beacon_generated_secrets": ["grafana_alice"]}'
    )
    names = ("alertmanager", "grafana-admin", "grafana-viewer", "prometheus-reader", "remote-write", "grafana-alice")
    (first, *_) = [call for call in calls if call.role == "secrets"]
    assert first.inputs["secrets_parameters"] == [f"/beacon/local/{name}" for name in names]


def test_a_check_before_the_first_provisioning_ends_green(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FACTS, "infrastructure:outputs", {"infrastructure_outputs": {}})
    for role in ("ops", "monitoring"):
        monkeypatch.setitem(HOSTS["all"]["children"], role, {"hosts": {}})  # none is there yet
    stage = Stage(tmp_path)
    stage.set_up()
    assert steps(stage.calls("rotate", "--check", "-e", "rotate_what=all")) == []


def test_monitor_says_which_rotation_was_cut_short(stage: Stage) -> None:
    code, text = stage.play("monitor", "--tags", "secrets,prometheus")
    assert code == 0, text
    plain = re.sub(r"\s+", " ", text)
    names = ("alertmanager", "grafana_admin", "grafana_viewer", "prometheus_reader", "remote_write")
    assert f"A ROTATION WAS CUT SHORT, of {', '.join(names)}: what was there before is taken still." in plain
    assert f"Run beacon.platform.rotate -e rotate_what={','.join(names)}, which goes on with it." in plain


def test_monitor_gives_the_agent_no_password_that_may_be_refused(stage: Stage) -> None:
    code, text = stage.play("monitor", "--tags", "metrics_agent")
    plain = re.sub(r"\s+", " ", text)
    assert code != 0
    assert "A rotation of the agent's password was cut short, and this run leaves Prometheus out" in plain.replace(
        "''", "'"
    )
    assert "Run beacon.platform.rotate -e rotate_what=remote_write, which goes on with it." in plain
    assert "metrics_agent" not in stage.records.read_text()
    assert [
        call for call in stage.calls("monitor", "--tags", "metrics_agent,prometheus") if call.role == "metrics_agent"
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [],
            f"rotate_what is ''; allowed are {ALLOWED}, several with commas between, or all: -e rotate_what=alertmanager.",
        ),
        (
            ["-e", "rotate_what=grafana_root,remote_write"],
            f"rotate_what is 'grafana_root,remote_write'; allowed are {ALLOWED}, several with commas between, or all",
        ),
        (
            ["-e", "rotate_what=prometheus_backup"],
            "prometheus_backup stays: the backups that it encrypts would not open with another one. Nothing was changed.",
        ),
        (
            ["-e", "rotate_what=grafana_secret_key"],
            "grafana_secret_key stays: Grafana can't change it and keep what its database encrypts by it. A Grafana that is made anew",
        ),
        (
            ["-e", "rotate_what=kms"],
            (
                "kms stays: AWS rotates the environment's KMS keys each year, and what they encrypted opens as before. At once: "
                'aws kms rotate-key-on-demand --key-id "$(aws kms describe-key --key-id alias/beacon-local '
                '--query KeyMetadata.KeyId --output text)". Nothing was changed.'
            ),
        ),
        (
            ["-e", "rotate_what=webhook", "-e", '{"beacon_given_secrets": ["webhook"]}'],
            "webhook: change it where it is kept, then run beacon.platform.monitor. Nothing was changed.",
        ),
        (
            ["-e", "rotate_what=ssh", "-e", "beacon_ssh_key_file=/keys/mine"],
            "The environment's ssh key is at /keys/mine, which a rotation would replace. Unset BEACON_SSH_KEY_FILE: the key is then",
        ),
        (
            ["-e", "rotate_what=grafana_admin", "-e", "beacon_secret_grafana_admin=x"],
            "grafana_admin: change it where it is kept, then run beacon.platform.monitor. Nothing was changed.",
        ),
    ],
    ids=["nothing", "unknown", "backup", "Grafana's key", "KMS", "given", "file of one's own", "elsewhere"],
)
def test_what_cannot_be_rotated_is_refused(tmp_path: Path, arguments: list[str], message: str) -> None:
    assert message in play("rotate", tmp_path, *arguments)


def test_no_role_registers_a_name_that_the_playbooks_give_a_value() -> None:
    registered = {
        name: path
        for path in sorted((CHECKOUT / "roles").glob("*/tasks/*.yml"))
        for name in re.findall(r"^ *register: (__\w+)$", path.read_text(), re.MULTILINE)
    }
    given = {
        (name, path.name)
        for path in (CHECKOUT / "playbooks").rglob("*.yml")
        for name in re.findall(r"^ *(__\w+):", path.read_text(), re.MULTILINE)
    }
    # what is registered comes before a task's own value of the same name
    assert [f"{name} of {file} is {registered[name]}'s" for name, file in given if name in registered] == []
