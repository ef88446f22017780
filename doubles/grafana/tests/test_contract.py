"""The double answers as a real Grafana 12.4.0 did: every recorded exchange, in order.

With BEACON_GRAFANA_URL the same runs against a real, fresh Grafana with the same provisioned files (its administrator's
password is still `admin`, its Prometheus answers `up`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from doubles.grafana.tests.replay import Client, Exchange, differences, recorded

if TYPE_CHECKING:
    import requests

EXCHANGES = recorded()
COOKIE = re.compile(r"(grafana_session(?:_expiry)?)=[^;]*")


@pytest.fixture(scope="module")
def replies(grafana: str) -> list[requests.Response]:
    client = Client(grafana)
    return [client.send(exchange) for exchange in EXCHANGES]


def label(exchange: Exchange) -> str:
    return f"{exchange.who} {exchange.method} {exchange.path}"


def body(reply: requests.Response, want: Any) -> Any:
    return reply.text if isinstance(want, str) else reply.json()


def cookies(header: list[str]) -> list[dict[str, str]]:
    neutral = [COOKIE.sub(r"\1=…", cookie) for cookie in header]
    return [dict.fromkeys(sorted(cookie.split("; ")), "") for cookie in neutral]


@pytest.mark.parametrize(("at", "exchange"), list(enumerate(EXCHANGES)), ids=map(label, EXCHANGES))
def test_answers_as_recorded(replies: list[requests.Response], at: int, exchange: Exchange) -> None:
    reply = replies[at]
    assert reply.status_code == exchange.status, reply.text
    assert not differences(exchange.response, body(reply, exchange.response))
    assert reply.headers["Content-Type"].lower() == exchange.headers["Content-Type"].lower()


def test_sets_and_removes_the_session_cookies_as_recorded(replies: list[requests.Response]) -> None:
    for exchange, reply in zip(EXCHANGES, replies, strict=True):
        if "Set-Cookie" in exchange.headers:
            got = reply.raw.headers.getlist("Set-Cookie")
            attributes = {"Expires", "expires"}
            kept = ["; ".join(p for p in it.split("; ") if p.split("=")[0] not in attributes) for it in got]
            assert cookies(kept) == cookies(exchange.headers["Set-Cookie"])


def test_replays_the_whole_recording(replies: list[requests.Response]) -> None:
    assert len(replies) == len(EXCHANGES) == 242
