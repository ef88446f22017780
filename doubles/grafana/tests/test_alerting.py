"""Alerting's provisioning files: what a real Grafana would refuse is refused at the start and at a reload; contact points are kept."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import requests

from doubles.grafana.tests.conftest import Double

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADMIN = ("admin", "admin")
CHAT = {"uid": "chat", "type": "slack", "settings": {"url": "https://chat.example.test/$$made-up"}}
POINT = {"name": "night", "receivers": [CHAT]}
ROUTE = {
    "receiver": "night",
    "routes": [{"receiver": "night", "mute_time_intervals": ["weekends"], "group_wait": "5s"}],
}
RULE = {"uid": "up", "title": "Up", "condition": "A", "for": "5m", "data": [{"refId": "A"}]}
GROUP = {"name": "own", "folder": "Own", "interval": "1m", "rules": [RULE]}
WHOLE = {
    "contactPoints": [POINT],
    "policies": [ROUTE],
    "muteTimes": [{"name": "weekends"}],
    "templates": [{"name": "own", "template": '{{ define "own" }}{{ end }}'}],
    "groups": [GROUP],
}


@pytest.fixture
def double(tmp_path: Path, prometheus: str) -> Iterator[Double]:
    running = Double(tmp_path, prometheus)
    write(running, WHOLE)
    running.start()
    yield running
    running.stop()


def write(double: Double, content: dict[str, Any]) -> None:
    folder = double.home / "provisioning" / "alerting"
    folder.mkdir(exist_ok=True)
    (folder / "own.yaml").write_text(json.dumps({"apiVersion": 1, **content}))


def reload(double: Double) -> requests.Response:
    return requests.post(f"{double.url}/api/admin/provisioning/alerting/reload", auth=ADMIN, timeout=30)


def points(double: Double) -> Any:
    return requests.get(f"{double.url}/api/v1/provisioning/contact-points", auth=ADMIN, timeout=30).json()


def test_contact_points_come_from_files_and_show_no_secret(double: Double) -> None:
    shown = {"uid": "chat", "name": "night", "type": "slack", "settings": {"url": "[REDACTED]"}}
    assert points(double) == [shown | {"disableResolveMessage": False, "provenance": "file"}]


def test_of_two_dollar_signs_one_is_left(double: Double) -> None:
    write(double, {"contactPoints": [{"name": "hook", "receivers": [CHAT | {"uid": "hook", "type": "webhook"}]}]})
    assert reload(double).json() == {"message": "Alerting config reloaded"}
    assert points(double)[1]["settings"] == {"url": "https://chat.example.test/$made-up"}


def test_what_leaves_a_file_stays_until_it_is_deleted(double: Double) -> None:
    write(double, {})
    reload(double)
    assert [point["uid"] for point in points(double)] == ["chat"]
    write(double, {"deleteContactPoints": [{"orgId": 1, "uid": "chat"}]})
    reload(double)
    assert points(double) == []


def receiver(**changes: Any) -> dict[str, Any]:
    return {"contactPoints": [{"name": "night", "receivers": [CHAT | changes]}]}


WRONG = [
    ({"contactPoints": [{"receivers": [CHAT]}]}, "no name is set"),
    (receiver(uid=" "), "night: no uid is set"),
    (receiver(type=""), "night: no type is set"),
    (receiver(settings={}), "night: no settings are set"),
    (receiver(type="pigeon"), "night: unknown type 'pigeon'"),
    (receiver(settings={"token": "x"}), "night: recipient must be specified when using the Slack chat API"),
    (receiver(settings={"recipient": "x"}), "night: token must be specified when using the Slack chat API"),
    (receiver(type="pagerduty"), "night: could not find integrationKey in settings"),
    ({"policies": [ROUTE | {"receiver": "day"}]}, "receiver 'day' does not exist"),
    ({"policies": [{"routes": []}]}, "root route must specify a default receiver"),
    ({"policies": [ROUTE | {"matchers": ["a=b"]}]}, "root route must not have any matchers"),
    ({"policies": [ROUTE]}, "mute time interval 'weekends' does not exist"),
    ({"policies": [{"receiver": "night", "group_wait": "soon"}]}, 'group_wait: not a valid duration string: "soon"'),
    ({"templates": [{"name": "own"}]}, "template must have content"),
    ({"muteTimes": [{}]}, "mute time has no name"),
    ({"groups": [GROUP | {"name": ""}]}, "rule group has no name set"),
    ({"groups": [GROUP | {"folder": ""}]}, "rule group has no folder set"),
    ({"groups": [GROUP | {"interval": "often"}]}, 'rule group: not a valid duration string: "often"'),
    ({"groups": [GROUP | {"rules": [RULE | {"title": ""}]}]}, "rule has no title set"),
    ({"groups": [GROUP | {"rules": [RULE | {"uid": ""}]}]}, "rule 'Up' failed to parse: no UID set"),
    ({"groups": [GROUP | {"rules": [RULE | {"data": []}]}]}, "rule 'Up' failed to parse: no data set"),
    ({"groups": [GROUP | {"rules": [RULE | {"condition": ""}]}]}, "rule 'Up' failed to parse: no condition set"),
    (
        {"groups": [GROUP | {"rules": [RULE | {"noDataState": "Sad"}]}]},
        "rule 'Up' failed to parse: unknown noDataState Sad",
    ),
    (
        {"policies": [{"receiver": "night"}], "deleteContactPoints": [{"uid": "chat"}]},
        "Receiver is used by notification policies: night",
    ),
]


def test_what_is_wrong_is_refused_by_a_reload_and_told_in_the_log(double: Double) -> None:
    for content, why in WRONG:
        write(double, content)
        reply = reload(double)
        assert (reply.status_code, reply.json()) == (500, {"message": "Internal Server Error"}), why
        *_, told, _ = (double.home / "log").read_text().splitlines()  # the last one is of the request
        assert told.startswith("logger=context level=error")
        assert told.endswith(f': {why}"')
        assert [point["uid"] for point in points(double)] == ["chat"]


def test_it_does_not_start_with_a_file_that_is_wrong(tmp_path: Path, prometheus: str) -> None:
    double = Double(tmp_path, prometheus)
    write(double, receiver(type="pigeon"))
    done = subprocess.run(double.command("server"), capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert done.stderr.endswith("own.yaml: night: unknown type 'pigeon'\n")
    assert len(done.stderr.splitlines()) == 1


def test_two_default_data_sources_are_refused(tmp_path: Path, prometheus: str) -> None:
    double = Double(tmp_path, prometheus)
    more = {"name": "More", "uid": "more", "type": "loki", "isDefault": True}
    file = double.home / "provisioning" / "datasources" / "more.yaml"
    file.write_text(json.dumps({"apiVersion": 1, "datasources": [more]}))
    done = subprocess.run(double.command("server"), capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert "Only one datasource per organization can be marked as default" in done.stderr


def test_variables_of_a_data_source_are_replaced(
    tmp_path: Path, prometheus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLACE", "here")
    double = Double(tmp_path, prometheus)
    more = {"name": "More", "uid": "more", "type": "loki", "url": "http://$PLACE/${PLACE}/$__env{PLACE}/$$PLACE"}
    file = double.home / "provisioning" / "datasources" / "more.yaml"
    file.write_text(json.dumps({"apiVersion": 1, "datasources": [more]}))
    double.start()
    try:
        shown = requests.get(f"{double.url}/api/datasources/uid/more", auth=ADMIN, timeout=30).json()
        assert shown["url"] == "http://here/here/here/$PLACE"
    finally:
        double.stop()
