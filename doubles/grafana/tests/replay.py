"""Replay of recorded exchanges: who sends what, and what may differ from the recording."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

RECORDING = Path(__file__).with_name("grafana-api-12.4.jsonl")
RANDOM = re.compile(r"[a-z][a-z0-9]{13}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TIMES = {"created", "updated", "createdAt", "updatedAt", "lastSeenAt"}
ADDRESS = re.compile(r"127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Exchange:
    """One line of the recording."""

    note: str
    who: str
    method: str
    path: str
    request: Any
    status: int
    headers: dict[str, Any]
    response: Any


def recorded() -> list[Exchange]:
    lines = [json.loads(line) for line in RECORDING.read_text().splitlines()]
    return [Exchange(it["note"], it.pop("as"), *(it[key] for key in list(it)[1:])) for it in map(_ordered, lines)]


def _ordered(line: dict[str, Any]) -> dict[str, Any]:
    return {key: line.get(key) for key in ("note", "as", "method", "path", "request", "status", "headers", "response")}


@dataclass
class Client:
    """Sends exchanges as their users. Passwords aren't recorded: the recording's notes and order tell which are meant."""

    url: str
    passwords: dict[str, str] = field(
        default_factory=lambda: {"admin": "admin", "viewer": "correct-horse-1", "editor": "correct-horse-2"}
    )
    changed: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    token: str = ""
    session: str = ""

    def send(self, exchange: Exchange) -> requests.Response:
        path, data = exchange.path, exchange.request
        for old, new in self.names.items():
            path = path.replace(old, new)
        content = data if isinstance(data, str) else json.dumps(data) if data is not None else None
        reply = requests.request(
            exchange.method,
            self.url + path,
            data=content,
            timeout=30,
            allow_redirects=False,
            **self._credentials(exchange),
        )
        self._remember(exchange, reply)
        return reply

    def _credentials(self, exchange: Exchange) -> dict[str, Any]:
        json_type = {"Content-Type": "application/json"}
        if exchange.who == "anonymous":
            return {"headers": json_type}
        if exchange.who == "session":
            return {"headers": json_type, "cookies": {"grafana_session": self.session}}
        if exchange.who == "token":
            token = "glsa_wrong" if exchange.status == 401 else self.token
            return {"headers": json_type | {"Authorization": f"Bearer {token}"}}
        if exchange.note == "wrong password":
            return {"headers": json_type, "auth": (exchange.who, "wrong")}
        password = self.passwords[exchange.who]
        if exchange.who in self.changed and exchange.status == 401:
            self.passwords[exchange.who] = self.changed.pop(exchange.who)  # first the old one, which is refused
        return {"headers": json_type, "auth": (exchange.who, password)}

    def _remember(self, exchange: Exchange, reply: requests.Response) -> None:
        if exchange.path == "/login" and reply.ok:
            self.session = reply.cookies["grafana_session"]
        elif exchange.path.endswith("/tokens"):
            self.token = reply.json().get("key", "")
        elif exchange.path == "/api/admin/users/2/password":
            self.changed["viewer"] = exchange.request["password"]
        elif exchange.path == "/api/user/password":
            self.changed["admin"] = exchange.request["newPassword"]
        elif isinstance(exchange.response, dict) and reply.ok and RANDOM.fullmatch(str(exchange.response.get("uid"))):
            self.names[exchange.response["uid"]] = reply.json().get("uid", "")


def differences(want: Any, got: Any, *, key: str = "", where: str = "$") -> list[str]:
    """Return where an answer has another shape, or another text, than the recorded one."""
    if isinstance(want, dict):
        return _dictionaries(want, got, where)
    if isinstance(want, list) and key not in {"value", "values"}:
        if not isinstance(got, list) or len(got) != len(want):
            return [f"{where}: {len(want)} items recorded, got {got!r}"]
        pairs = enumerate(zip(want, got, strict=True))
        return [found for at, (a, b) in pairs for found in differences(a, b, key=key, where=f"{where}[{at}]")]
    return [] if _same(want, got, key) else [f"{where}: {want!r} recorded, got {got!r}"]


def _dictionaries(want: dict[str, Any], got: Any, where: str) -> list[str]:
    if not isinstance(got, dict):
        return [f"{where}: an object was recorded, got {got!r}"]
    if "(keys)" in want:  # a huge answer: its first keys were recorded
        return [f"{where}: {name} is missing" for name in want["(keys)"] if name not in got]
    found = [f"{where}: {name} is {'missing' if name in want else 'too much'}" for name in want.keys() ^ got.keys()]
    shared = want.keys() & got.keys()
    return found + [
        it for name in shared for it in differences(want[name], got[name], key=name, where=f"{where}.{name}")
    ]


def _same(want: Any, got: Any, key: str) -> bool:
    if isinstance(want, int) and not isinstance(want, bool):  # numbers are ids, counts and times
        return isinstance(got, int | float) and not isinstance(got, bool)
    if key == "value":
        return [type(item) for item in got][1:] == [str]
    if key == "values":
        return len(got) == len(want) and all(bool(a) == bool(b) for a, b in zip(want, got, strict=True))
    if isinstance(want, str) and isinstance(got, str):
        return _same_text(want, got, key)
    return bool(want == got)


def _same_text(want: str, got: str, key: str) -> bool:
    if key in TIMES:
        return bool(TIME.fullmatch(got))
    if key in {"accessErrorId", "commit", "lastSeenAtAge", "key"}:
        return bool(got)
    if want.endswith("…"):
        return got.startswith(want[:-1])
    return _neutral(want) == _neutral(got)


def _neutral(value: str) -> str:
    return RANDOM.sub("UID", ADDRESS.sub("ADDRESS", value))
