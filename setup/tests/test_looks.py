"""`make doctor` and `make status` only look, say nothing of who asks, and answer in time, on any machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from setup import centre, doctor, files, paths, ports, prerequisites, shown, stack, status
from setup.missing import Check
from setup.stack import Answer
from setup.tests.test_clean import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRETS = {
    "HTTPS_PROXY": "http://somebody:a-secret@127.0.0.1:9",
    "BEACON_DEBIAN_URI": "https://somebody:a-secret@debian.example.org/debian",
    "AWS_SECRET_ACCESS_KEY": "a-secret",
    "PIP_INDEX_URL": "https://somebody:a-secret@pypi.example.org/simple",
}


@pytest.fixture
def bare(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Return a checkout without an environment, and the variables of somebody at home who has no engine."""
    checkout = tmp_path / "checkout"
    for name in files.listed("Makefile", "requirements.txt", "setup/*.py", untracked=True):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_bytes((paths.CHECKOUT / name).read_bytes())
    home = tmp_path / "home" / "jdoe"
    home.mkdir(parents=True)
    variables = {"HOME": str(home), "USER": "jdoe", "LOGNAME": "jdoe", "PATH": os.environ["PATH"]}
    variables |= {"DOCKER_HOST": f"unix://{home}/docker.sock", "LOCALCLOUD_PORT": "6001", "MIRROR_PORT": "6002"}
    return checkout, variables


def run(verb: str, bare: tuple[Path, dict[str, str]], **more: str) -> subprocess.CompletedProcess[str]:
    checkout, variables = bare
    command = ["make", "--no-print-directory", verb, f"PYTHON={sys.executable}"]
    return subprocess.run(
        command, cwd=checkout, env={**variables, **more}, check=False, capture_output=True, text=True, timeout=120
    )


def test_doctor_writes_nothing_and_says_nothing_of_who_asks(bare: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    done = run("doctor", bare, **SECRETS)
    assert sorted(tmp_path.rglob("*")) == before
    assert "Error 2" in done.stderr  # there is no engine
    assert "a-secret" not in done.stdout
    assert "jdoe" not in done.stdout
    assert "somebody" not in done.stdout
    lines = done.stdout.splitlines()
    assert "cache             ~/.cache/beacon, " in done.stdout
    assert "network settings  DOCKER_HOST, HTTPS_PROXY, PIP_INDEX_URL" in lines
    assert "BEACON_DEBIAN_URI=https://debian.example.org/debian" in done.stdout
    rows = [line[8:26].strip() for line in lines[lines.index("") + 1 : -2]]
    assert list(dict.fromkeys(rows)) == [
        *(check.name for check in prerequisites.STACK),
        *(name for name, _ in stack.QUESTIONS),
    ]
    assert lines[-1].endswith("; nothing was changed")


def test_what_the_caller_has_set_changes_no_row(bare: tuple[Path, dict[str, str]]) -> None:
    def rows(**more: str) -> list[str]:
        lines = run("doctor", bare, **more).stdout.splitlines()
        # what differs from run to run, and names of what concerns the network
        return [line for line in lines if not line.startswith(("cache ", "network settings", "problem disk"))]

    # a variable of Docker's that names an engine is no whim: it stays
    assert rows(**HOSTILE) == rows()


def test_doctor_names_a_problem_and_its_way_out(bare: tuple[Path, dict[str, str]]) -> None:
    done = run("doctor", bare, LOCALCLOUD_PORT="80", BEACON_STATE="/srv/" + "x" * 80)
    assert done.returncode == 2
    assert (
        "problem ports             LOCALCLOUD_PORT=80 is no port. A number from 1024 to 65535 is allowed" in done.stdout
    )
    assert "ssh's sockets in it allow 68. Set BEACON_STATE to a shorter one" in done.stdout


def test_status_says_that_nothing_runs(bare: tuple[Path, dict[str, str]]) -> None:
    started = time.monotonic()
    done = run("status", bare)
    assert done.stdout == "nothing runs; `make up` starts it\n"
    assert "Error 3" in done.stderr
    assert time.monotonic() - started < 30


def slow(seconds: float) -> Answer:
    subprocess.run(["sleep", "60"], check=True, timeout=seconds)
    return Answer("awake")


def broken(_: float) -> Answer:
    raise ValueError("no JSON")


def test_a_part_that_does_not_answer_delays_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = (("slow", slow), ("broken", broken), ("also slow", slow), ("well", lambda _: Answer("up 3 min")))
    monkeypatch.setattr(stack, "QUESTIONS", parts)
    monkeypatch.setattr(status, "SECONDS", 1.0)
    started = time.monotonic()
    assert status.status() == status.ILL
    assert time.monotonic() - started < 30  # of the sixty that each sleeps
    printed = capsys.readouterr().out.splitlines()
    assert printed[:4] == [
        "problem slow              no answer within 1 s",
        "problem broken            can't be asked: ValueError: no JSON",
        "problem also slow         no answer within 1 s",
        "ok      well              up 3 min",
    ]
    assert [line.split()[0] for line in printed[-3:]] == ["Next", "make", "make"]


def test_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "QUESTIONS", (("one", lambda _: Answer("runs")), ("other", lambda _: stack.NOTHING)))
    assert status.status() == status.WELL


def test_a_check_that_can_t_be_made_is_a_problem() -> None:
    def look() -> Iterator[Any]:
        raise FileNotFoundError(2, "No such file or directory", "/proc/meminfo")

    (said,) = doctor.looked(Check("memory", look))
    assert said.startswith("can't be looked at: FileNotFoundError: ")


CLOUD = {
    "endpoint": "http://127.0.0.1:5600",
    "server": {"uptime_seconds": 3700, "failures": {}, "waiting": [], "stopped": []},
    "containers": [
        {"name": "a", "kind": "instance", "state": "running"},
        {"name": "b", "kind": "registry", "state": "running"},
    ],
}


@pytest.mark.parametrize(
    ("change", "well", "said"),
    [
        ({}, True, "http://127.0.0.1:5600, up 1 h 1 min; runs 1 instance, 1 registry"),
        (
            {"containers": [{"name": "a", "kind": "instance", "state": "exited"}]},
            False,
            "runs no machine; a is exited (`python -m localcloud up` mends, `logs` tells more)",
        ),
        (
            {
                "containers": [{"name": "localcloud-i-1", "kind": "instance", "state": "exited"}],
                "server": {"uptime_seconds": 3700, "failures": {}, "waiting": [], "stopped": ["i-1"]},
            },
            True,
            "http://127.0.0.1:5600, up 1 h 1 min; runs no machine; stopped by StopInstances: i-1",
        ),
        (
            {
                "server": {
                    "uptime_seconds": 9,
                    "failures": {"ec2/i-1": "no memory"},
                    "waiting": ["ec2/i-1"],
                    "stopped": [],
                }
            },
            False,
            "; jobs at work: 1; ec2/i-1: no memory (",
        ),
    ],
)
def test_the_local_cloud_says_what_fails(
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    well: bool,  # noqa: FBT001 # a column
    said: str,
) -> None:
    monkeypatch.setattr(ports, "server", lambda _: 1)
    monkeypatch.setattr(stack, "_run", lambda *_: json.dumps({**CLOUD, **change}))
    answer = stack.local_cloud(1)
    assert answer.well is well
    assert said in answer.text


FIGURES: dict[str, Any] = dict.fromkeys(("nodes", "nodes_ready"), 2) | dict.fromkeys(("pods", "pods_ready"), 14)
FIGURES |= dict.fromkeys(("targets", "targets_up"), 21) | {"alerts": 0, "down": [], "firing": []}


@pytest.mark.parametrize(
    ("change", "well", "said"),
    [
        ({}, True, "2 of 2 nodes ready, 14 of 14 pods ready, 21 of 21 targets up"),
        ({"pods_ready": 13}, False, "13 of 14 pods ready"),
        ({"down": ["pods 10.0.0.1:9113"], "targets_up": 20}, False, "20 of 21 targets up; down: pods 10.0.0.1:9113"),
        ({"firing": ["TargetDown"]}, False, "; firing: TargetDown (docs/runbooks.md)"),
    ],
)
def test_the_cluster_says_what_is_not_ready(
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    well: bool,  # noqa: FBT001 # a column
    said: str,
) -> None:
    monkeypatch.setattr(ports, "server", lambda _: 1)
    monkeypatch.setattr(stack, "local_cloud_environment", lambda _: {})
    monkeypatch.setattr(stack, "_run", lambda *_: json.dumps({**FIGURES, **change}))
    answer = stack.cluster(5)
    assert answer.well is well
    assert said in answer.text


class Api:
    """The two services that are asked."""

    def __init__(self, parameters: list[dict[str, str]]) -> None:
        self.parameters = parameters

    def describe_load_balancers(self, **_: Any) -> dict[str, Any]:
        zones = [{"LoadBalancerAddresses": [{"IpAddress": address}]} for address in ("198.51.100.65", "198.51.100.66")]
        return {"LoadBalancers": [{"AvailabilityZones": zones}]}

    def get_parameters(self, **_: Any) -> dict[str, Any]:
        return {"Parameters": self.parameters}


def test_the_monitoring_is_asked_as_the_viewer(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("grafana-viewer", "ca-certificate")
    api = Api([{"Name": f"/beacon/local/{name}", "Value": f"the {name}"} for name in names])
    monkeypatch.setattr("boto3.client", lambda *_, **__: api)
    asked: list[centre.Centre] = []

    def query(asking: centre.Centre, expression: str) -> list[dict[str, Any]]:
        asked.append(asking)
        down = [{"metric": {"job": "pods", "instance": "10.0.0.1:9113", "alertname": "TargetDown"}, "value": [0, "1"]}]
        return [] if expression == centre.QUERIES["alerts"] else down

    monkeypatch.setattr(centre.Centre, "query", query)
    found = centre.look()
    assert found["addresses"] == ["198.51.100.65", "198.51.100.66"]
    assert (found["targets_up"], found["alerts"]) == (1, 0)
    assert found["down"] == ["pods 10.0.0.1:9113"]
    wanted = centre.Centre(address="198.51.100.65", password="the grafana-viewer", certificate="the ca-certificate")
    assert set(asked) == {wanted}


def test_a_stack_that_is_being_made_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("boto3.client", lambda *_, **__: Api([]))
    assert centre.main() == 1
    assert capsys.readouterr().err == (
        "the parameters /beacon/local/grafana-viewer, /beacon/local/ca-certificate are not there yet: `make up` makes them\n"
    )


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("state /home/jdoe/.local/state", "state ~/.local/state"),
        ("/home/jdoes/x", "/home/jdoes/x"),
        ("/srv/jdoe/beacon", "/srv/USER/beacon"),
        ("http://me:pass@proxy:3128/", "http://proxy:3128/"),
    ],
)
def test_what_is_shown_can_be_handed_to_others(monkeypatch: pytest.MonkeyPatch, text: str, public: str) -> None:
    monkeypatch.setenv("HOME", "/home/jdoe")
    monkeypatch.setattr(shown, "_user", lambda: "jdoe")
    assert shown.public(text) == public
