from __future__ import annotations

import socket
from threading import Thread
from typing import Any

import pytest

from plugins.filter.ingress import HEALTH, FilterModule, ingress_pages, ingress_problems, pages_problem
from tests.plugins.test_image_plugins import load

pod_pages_info = load("modules/pod_pages_info.py")
PAGE = {"metadata": {"namespace": "webapp", "name": "webapp", "uid": "u1"}}


def event(reason: str, when: str, message: str = "said", uid: str = "u1") -> dict[str, Any]:
    return {"reason": reason, "message": message, "lastTimestamp": when, "involvedObject": {"uid": uid}, "metadata": {}}


def test_a_configuration_that_nginx_refused_is_told_with_its_words() -> None:
    for reason in ("AddedOrUpdatedWithError", "UpdatedWithError", "Rejected"):
        found = ingress_problems([event(reason, "2026-01-01T00:00:02Z", "unknown directive")], [PAGE])
        assert found == [f"webapp/webapp: {reason}: unknown directive"]


def test_the_last_event_decides() -> None:
    refused, served = (
        event("AddedOrUpdatedWithError", "2026-01-01T00:00:01Z"),
        event("AddedOrUpdated", "2026-01-01T00:00:02Z"),
    )
    assert ingress_problems([served, refused], [PAGE]) == []
    later = event("Rejected", "2026-01-01T00:00:03Z")
    assert len(ingress_problems([served, later, refused], [PAGE])) == 1


def test_other_events_and_ingresses_of_before_are_no_problem() -> None:
    other = event("Sync", "2026-01-01T00:00:03Z")
    gone = event("Rejected", "2026-01-01T00:00:03Z", uid="u0")
    warned = event("AddedOrUpdatedWithWarning", "2026-01-01T00:00:02Z")
    assert ingress_problems([other, gone, warned], [PAGE]) == []
    assert ingress_problems([], [PAGE]) == []


def ingress(
    namespace: str = "webapp", host: str = "", path: str = "/gandalf", service: str = "webapp"
) -> dict[str, Any]:
    rule = {"http": {"paths": [{"path": path, "backend": {"service": {"name": service}}}]}}
    return {"metadata": {"namespace": namespace}, "spec": {"rules": [{**rule, **({"host": host} if host else {})}]}}


def endpoints(*ready: bool | None) -> dict[str, Any]:
    metadata = {"namespace": "webapp", "labels": {"kubernetes.io/service-name": "webapp"}}
    return {"metadata": metadata, "endpoints": [{"conditions": {} if one is None else {"ready": one}} for one in ready]}


@pytest.mark.parametrize(("ready", "asked"), [([False, True], True), ([None], True), ([False], False), ([], False)])
def test_pages_of_backends_that_are_ready_have_to_be_served(ready: list[bool | None], asked: bool) -> None:  # noqa: FBT001
    page = {"host": "localhost", "path": "/gandalf"}
    assert ingress_pages([ingress()], [endpoints(*ready)]) == [HEALTH, *([page] if asked else [])]


def test_a_page_has_its_ingress_host_and_namespace() -> None:
    found = ingress_pages([ingress(host="a.example"), ingress("elsewhere"), ingress(service="b")], [endpoints(None)])
    assert found == [HEALTH, {"host": "a.example", "path": "/gandalf"}]


def answer(pod: str, path: str, **told: Any) -> dict[str, Any]:
    return {"pod": pod, "host": "localhost", "path": path, **told}


@pytest.mark.parametrize("status", [200, 302, 401, 429, 500])
def test_a_pod_serves_when_one_page_comes_from_its_backend(status: int) -> None:
    answers = [answer("a", "/nginx-health", status=200), answer("a", "/", status=404), answer("a", "/b", status=status)]
    assert pages_problem(answers) == ""
    assert pages_problem(answers[:1]) == ""
    assert pages_problem([]) == ""


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"status": 404, "location": ""}, "404"),
        ({"status": 502, "location": ""}, "502"),
        ({"status": 301, "location": "https://localhost:8443/b"}, "301 https://localhost:8443/b"),
        ({"error": "timed out"}, "no answer (timed out)"),
    ],
)
def test_a_pod_that_serves_no_page_is_named_with_its_answers(told: dict[str, Any], said: str) -> None:
    fine = [answer("a", path, status=200) for path in ("/nginx-health", "/b")]
    answers = [*fine, answer("b", "/nginx-health", status=200), answer("b", "/b", **told)]
    wanted = f"Pod b is ready, but serves no page: localhost/nginx-health: 200; localhost/b: {said}."
    assert pages_problem(answers) == wanted


def test_a_pod_that_does_not_tell_its_health_serves_nothing() -> None:
    answers = [answer("a", "/nginx-health", status=404), answer("a", "/b", status=200)]
    assert pages_problem(answers).startswith("Pod a is ready, but serves no page: localhost/nginx-health: 404;")


@pytest.mark.parametrize("proxied", [True, False])
def test_a_pod_is_asked_as_a_load_balancer_asks(proxied: bool) -> None:  # noqa: FBT001
    ours, theirs = socket.socketpair()
    asked: list[bytes] = []

    def serve() -> None:
        asked.append(theirs.recv(4096))
        while not asked[-1].endswith(b"\r\n\r\n"):
            asked.append(theirs.recv(4096))
        theirs.sendall(b"HTTP/1.1 301 Moved\r\nLocation: https://a/\r\nContent-Length: 0\r\n\r\n")
        theirs.close()

    server = Thread(target=serve)
    server.start()
    page = {"host": "a.example", "path": "/b?c"}
    told = pod_pages_info.ask(lambda: ours, page, proxy_protocol=proxied, timeout=5)
    server.join()
    assert told == {"status": 301, "location": "https://a/"}
    text = b"".join(asked)
    assert text.startswith(b"PROXY UNKNOWN\r\nGET /b?c HTTP/1.1\r\n" if proxied else b"GET /b?c HTTP/1.1\r\n")
    assert b"\r\nHost: a.example\r\n" in text


def test_a_pod_that_does_not_answer_is_told() -> None:
    page = {"host": "localhost", "path": "/"}
    ours, theirs = socket.socketpair()
    assert pod_pages_info.ask(lambda: ours, page, proxy_protocol=False, timeout=0.1) == {"error": "timed out"}
    theirs.close()
    ours, theirs = socket.socketpair()
    theirs.close()
    assert "error" in pod_pages_info.ask(lambda: ours, page, proxy_protocol=True, timeout=1)


def test_a_refusal_to_forward_is_told_without_its_headers() -> None:
    refusal = pod_pages_info.ApiException(status=0, reason="Handshake status 403 Forbidden -+-+- {'date': 'now'}")
    assert pod_pages_info.reason(refusal) == "Handshake status 403 Forbidden"


def test_the_filters_have_their_names() -> None:
    assert FilterModule().filters() == {
        "ingress_pages": ingress_pages,
        "ingress_problems": ingress_problems,
        "pages_problem": pages_problem,
    }
