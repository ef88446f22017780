"""Alerting's provisioning files: what Grafana would refuse is refused; of the rest the contact points are kept."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeVar

from .provisioning import ProvisioningError, expanded, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .settings import Settings
    from .store import Store

Entry = dict[str, Any]
Kept = TypeVar("Kept")

# What each type of contact point needs: https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/
NEEDED: dict[str, tuple[str, ...]] = {
    "dingding": ("url",), "discord": ("url",), "email": ("addresses",), "googlechat": ("url",),
    "jira": ("api_url", "project", "issue_type"), "kafka": ("kafkaRestProxy", "kafkaTopic"), "line": ("token",),
    "mqtt": ("brokerUrl", "topic"), "oncall": ("url",), "opsgenie": ("apiKey",), "pagerduty": ("integrationKey",),
    "prometheus-alertmanager": ("url",), "pushover": ("userKey", "apiToken"), "sensugo": ("url", "apikey"),
    "slack": (), "sns": (), "teams": ("url",), "telegram": ("bottoken", "chatid"),
    "threema": ("gateway_id", "recipient_id", "api_secret"), "victorops": ("url",), "webex": ("room_id", "bot_token"),
    "webhook": ("url",), "wecom": (),
}  # fmt: skip
SLACK_CHAT = "https://slack.com/api/chat.postMessage"
DURATION = re.compile(r"^(?:[0-9]+(?:ms|[smhdwy]))+$|^0$")
STATES = {
    "noDataState": ("Alerting", "NoData", "OK", "KeepLast"),
    "execErrState": ("Alerting", "Error", "OK", "KeepLast"),
}


class _Wrong(Exception):  # noqa: N818 - carries a reason to the one who knows the file
    """What is wrong with an entry, in Grafana's words where they are known."""


def _named(entry: Entry, key: str, lacking: str) -> str:
    value = str(entry.get(key) or "").strip()
    if not value:
        raise _Wrong(lacking)
    return value


def _lacking(kind: str, settings: Entry) -> str:
    """Return what a type of contact point lacks, or nothing."""
    if kind not in NEEDED:
        return f"unknown type '{kind}'"
    if kind == "slack" and settings.get("url", SLACK_CHAT) == SLACK_CHAT:
        lacking = [key for key in ("recipient", "token") if not settings.get(key)]
        return f"{lacking[0]} must be specified when using the Slack chat API" if lacking else ""
    lacking = [key for key in NEEDED[kind] if not settings.get(key)]
    return f"could not find {lacking[0]} in settings" if lacking else ""


def _receivers(point: Entry) -> list[Entry]:
    name = _named(point, "name", "no name is set")
    return [_receiver(name, expanded(receiver)) for receiver in point.get("receivers") or []]


def _receiver(name: str, given: Entry) -> Entry:
    uid = _named(given, "uid", f"{name}: no uid is set")
    kind = _named(given, "type", f"{name}: no type is set")
    settings = given.get("settings")
    if not settings:
        raise _Wrong(f"{name}: no settings are set")
    if lacking := _lacking(kind.lower(), settings):
        raise _Wrong(f"{name}: {lacking}")
    return {
        "uid": uid, "name": name, "type": kind, "settings": settings,
        "disableResolveMessage": bool(given.get("disableResolveMessage", False)), "provenance": "file",
    }  # fmt: skip


def _duration(value: object, where: str) -> None:
    if not DURATION.match(str(value)):
        raise _Wrong(f'{where}: not a valid duration string: "{value}"')


def _check_group(group: Entry) -> None:
    _named(group, "name", "rule group has no name set")
    _duration(group.get("interval", ""), "rule group")
    _named(group, "folder", "rule group has no folder set")
    for rule in group.get("rules") or []:
        title = _named(rule, "title", "rule has no title set")
        wrong = f"rule '{title}' failed to parse"
        _named(rule, "uid", f"{wrong}: no UID set")
        _duration(rule.get("for", "0"), f"{wrong} 'for' field")
        for key, allowed in STATES.items():
            if rule.get(key, allowed[0]) not in allowed:
                raise _Wrong(f"{wrong}: unknown {key} {rule[key]}")
        if not rule.get("data"):
            raise _Wrong(f"{wrong}: no data set")
        if not rule.get("record"):
            _named(rule, "condition", f"{wrong}: no condition set")


def _checked_route(route: Entry, receivers: set[str], times: set[str], *, root: bool = False) -> set[str]:
    """Return the contact points that a route and those below it use."""
    receiver = str(route.get("receiver") or "")
    if root and not receiver:
        raise _Wrong("root route must specify a default receiver")
    if root and (route.get("object_matchers") or route.get("matchers")):
        raise _Wrong("root route must not have any matchers")
    if receiver and receiver not in receivers:
        raise _Wrong(f"receiver '{receiver}' does not exist")
    for name in [*(route.get("mute_time_intervals") or []), *(route.get("active_time_intervals") or [])]:
        if name not in times:
            raise _Wrong(f"mute time interval '{name}' does not exist")
    for key in ("group_wait", "group_interval", "repeat_interval"):
        if key in route:
            _duration(route[key], key)
    return {receiver}.union(*(_checked_route(child, receivers, times) for child in route.get("routes") or []))


def _each(files: list[tuple[Path, Entry]], key: str, use: Callable[[Entry], Kept]) -> list[Kept]:
    """Use each entry of a key; raise ProvisioningError, which names the file."""
    kept = []
    for file, found in files:
        for entry in found.get(key) or []:
            try:
                kept.append(use(entry))
            except _Wrong as wrong:
                raise ProvisioningError(f"failure to map file {file}: {wrong}") from None
    return kept


def _check_template(template: Entry) -> None:
    _named(template, "name", "template must have a name")
    _named(template, "template", "template must have content")


def provision_alerting(store: Store, settings: Settings) -> None:
    """Check all files as Grafana does; keep their contact points, and remove those that are to be deleted."""
    files = list(read(settings, "alerting"))
    _each(files, "groups", _check_group)
    _each(files, "templates", _check_template)
    points = [json.loads(row["model"]) for row in store.rows("SELECT model FROM contact_point")]
    named = [point for receivers in _each(files, "contactPoints", _receivers) for point in receivers]
    names = {point["name"] for point in [*points, *named]}
    times = set(_each(files, "muteTimes", lambda entry: _named(entry, "name", "mute time has no name")))
    used = _each(files, "policies", lambda policy: _checked_route(expanded(policy), names, times, root=True))
    gone = _each(files, "deleteContactPoints", lambda entry: str(entry.get("uid")))
    left = {point["name"] for point in [*points, *named] if point["uid"] not in gone}
    if in_use := sorted(set().union(*used) & names - left):
        raise ProvisioningError(f"contact points: Receiver is used by notification policies: {', '.join(in_use)}")
    for model in named:
        store.run("DELETE FROM contact_point WHERE uid = ?", model["uid"])
        store.insert("contact_point", uid=model["uid"], model=json.dumps(model))
    for uid in gone:
        store.run("DELETE FROM contact_point WHERE uid = ?", uid)
