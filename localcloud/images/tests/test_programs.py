"""The images' programs as they run: with kubectl, journald and servers that answer as they do in a machine."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import requests

from localcloud.core.pki import Authority
from localcloud.http.signatures import signing_key
from localcloud.images.tests.conftest import program
from localcloud.images.tests.test_token_webhook import KEY, SECRET, awscli_token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

controller: Any = program("control-plane/lib/controller.py")
shipper: Any = program("control-plane/lib/log_shipper.py")
webhook: Any = program("control-plane/lib/token_webhook.py")
eks_token: Any = program("node/lib/eks_token.py")


class StopError(Exception):
    """Ends a loop that never ends by itself."""


# -- a server


@contextmanager
def serving(replies: dict[str, list[tuple[int, str]]]) -> Iterator[tuple[str, list[Any]]]:
    """Answer each path's replies one after the other, the last for ever; the address, and what was asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            asked.append((self.command, self.path, dict(self.headers), json.loads(body) if body else None))
            waiting = replies[self.path]
            status, text = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = reply  # noqa: N815 - as http.server calls them

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()


# -- the controller

KUBECTL = """#!/bin/sh
echo "$*" >> {here}/calls
case "$*" in
    "apply --force"*) cat > {here}/applied ;;
    "apply -f"*) test -e {here}/ready || {{ touch {here}/ready; echo "connection refused" >&2; exit 1; }} ;;
    *--watch*) cat {here}/watched ;;
    "get "*) cat {here}/$2 ;;
esac
"""


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the directory of a kubectl: `namespaces` and `rolebindings` are what it gets, `calls` what it was asked."""
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.parent.mkdir()
    kubectl.write_text(KUBECTL.format(here=tmp_path))
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{kubectl.parent}:/usr/bin:/bin")
    monkeypatch.setattr(controller, "SCOPES", tmp_path / "scopes.json")
    names = {"default": "Active", "dev-a": "Active", "dev-b": "Terminating"}
    spaces = [{"metadata": {"name": name}, "status": {"phase": phase}} for name, phase in names.items()]
    (tmp_path / "namespaces").write_text(json.dumps({"items": spaces}))
    bound(tmp_path)
    return tmp_path


def bound(cluster: Path, *bindings: tuple[str, str, str]) -> None:
    items = [{"metadata": {"namespace": n, "name": g}, "roleRef": {"name": role}} for n, g, role in bindings]
    (cluster / "rolebindings").write_text(json.dumps({"items": items}))


def calls(cluster: Path) -> list[str]:
    file = cluster / "calls"
    return file.read_text().splitlines() if file.exists() else []


def scopes(cluster: Path, *names: str) -> None:
    (cluster / "scopes.json").write_text(json.dumps([{"group": "g", "role": "view", "namespaces": list(names)}]))


def test_policies_are_bound_where_they_are_missing_and_unbound_where_they_are_too_much(cluster: Path) -> None:
    scopes(cluster, "dev-*")
    bound(cluster, ("default", "g", "view"))
    controller.bind_policies()
    (item,) = json.loads((cluster / "applied").read_text())["items"]
    assert (item["metadata"]["namespace"], item["metadata"]["name"], item["roleRef"]["name"]) == ("dev-a", "g", "view")
    assert "delete rolebinding -n default g --ignore-not-found" in calls(cluster)


def test_a_binding_of_another_role_is_replaced_and_the_right_one_stays(cluster: Path) -> None:
    scopes(cluster, "dev-a")
    bound(cluster, ("dev-a", "g", "edit"))
    controller.bind_policies()
    assert [call for call in calls(cluster) if not call.startswith("get")] == ["apply --force -f -"]
    (cluster / "calls").unlink()
    bound(cluster, ("dev-a", "g", "view"))
    controller.bind_policies()
    assert all(call.startswith("get") for call in calls(cluster))


def test_without_scopes_what_was_bound_goes(cluster: Path) -> None:
    bound(cluster, ("dev-a", "g", "view"))
    controller.bind_policies()
    assert "delete rolebinding -n dev-a g --ignore-not-found" in calls(cluster)


def test_what_is_watched_comes_object_by_object(cluster: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(controller, "handle_request", seen.append)
    monkeypatch.setattr(controller, "bind_policies", lambda: seen.append("bound"))
    (cluster / "watched").write_text("".join(f"{json.dumps({'spec': {'n': n}}, indent=4)}\n" for n in (1, 2)))
    controller.approve_certificates()
    controller.follow_namespaces()
    assert seen == [{"spec": {"n": 1}}, {"spec": {"n": 2}}, "bound", "bound"]
    assert calls(cluster) == [f"get {kind} --watch -o json" for kind in ("certificatesigningrequests", "namespaces")]


def test_scopes_are_followed_by_their_content(cluster: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []
    steps = iter([lambda: scopes(cluster, "a"), lambda: scopes(cluster, "a"), lambda: scopes(cluster, "b")])

    def sleep(_: float) -> None:
        if (step := next(steps, None)) is None:
            raise StopError
        step()

    monkeypatch.setattr(controller, "time", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(
        controller,
        "bind_policies",
        lambda: found.append(controller.SCOPES.read_text() if controller.SCOPES.exists() else ""),
    )
    with pytest.raises(StopError):
        controller.follow_scopes()
    assert ['"a"' in text for text in found] == [False, True, False]
    assert '"b"' in found[2]


def test_a_step_that_fails_is_told_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = iter(
        [subprocess.CalledProcessError(1, "kubectl", stderr="forbidden\n"), ValueError("no JSON"), StopError()]
    )

    def step() -> None:
        raise next(outcomes)

    monkeypatch.setattr(controller, "time", SimpleNamespace(sleep=lambda _: None))
    with pytest.raises(StopError):
        controller.forever(step, pause=1)
    assert capsys.readouterr().out.splitlines() == ["step: forbidden: trying again", "step: no JSON: trying again"]


def test_the_controller_waits_for_the_api_server_and_then_does_its_three_jobs(
    cluster: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[str] = []
    monkeypatch.setattr(controller, "time", SimpleNamespace(sleep=lambda _: None))
    monkeypatch.setattr(controller, "forever", lambda step, pause: started.append(step.__name__))
    controller.main()
    assert calls(cluster) == [f"apply -f {controller.BOOTSTRAP}"] * 2
    assert "the API server does not answer yet: connection refused" in capsys.readouterr().out
    assert sorted(started) == ["approve_certificates", "follow_namespaces", "follow_scopes"]


# -- the log shipper


def test_lines_are_shipped_by_type_and_sent_again_when_the_server_was_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = iter(range(3))
    monkeypatch.setattr(shipper, "SOURCES", {"api": ["echo", "hello"], "audit": ["echo", "not enabled"]})
    monkeypatch.setattr(shipper, "CONFIGURATION", tmp_path / "cluster.json")
    monkeypatch.setattr(shipper, "ENABLED", tmp_path / "types.json")
    ca = Authority(folder=tmp_path)
    ca.ensure()
    monkeypatch.setattr(shipper, "SERVER_CA", str(ca.certificate_path))
    (tmp_path / "types.json").write_text('["api", "unknown"]')
    once = threading.Event()

    def sleep(seconds: float) -> None:
        if threading.current_thread() is not threading.main_thread():  # a log that ended is opened again: not here
            once.set()
            threading.Event().wait()
        assert seconds == shipper.INTERVAL
        assert once.wait(10)
        if next(rounds, None) is None:
            raise StopError

    monkeypatch.setattr(shipper, "time", SimpleNamespace(sleep=sleep, time=time.time))
    with serving({"/logs": [(503, ""), (200, "")]}) as (address, asked):
        (tmp_path / "cluster.json").write_text(json.dumps({"server": address, "secret": "s3"}))
        with pytest.raises(StopError):
            shipper.main()
    sent = [(body["type"], [event["message"] for event in body["events"]]) for *_, body in asked]
    assert sent == [("api", ["hello"])] * 2
    assert asked[0][2]["Authorization"] == "Bearer s3"


# -- the token webhook


def signing_keys() -> dict[str, Any]:
    """Say what the server derives of the secret key."""
    dates = [f"{datetime.now(tz=UTC) + timedelta(days=number):%Y%m%d}" for number in (-1, 0, 1)]
    keys = {date: signing_key(SECRET, date, "eu-west-1", "sts", "aws4_request").hex() for date in dates}
    return {"signingRegion": "eu-west-1", "signingKeys": keys}


def test_the_server_s_answers_are_told_apart(tmp_path: Path) -> None:
    known = {**signing_keys(), "arn": "a", "userId": "u", "username": "dev", "groups": ["devs"], "expires": None}
    answers = [(200, json.dumps(known)), (503, "starting"), (403, "AccessDenied: no access entry"), (503, "starting")]
    with serving({"/identity": answers}) as (address, asked):
        directory = webhook.ServerDirectory(url=address, secret="s3", cache=tmp_path / "cache.json")
        assert directory.find(KEY, "t", "eu-west-1").groups == ("devs",)
        assert directory.find(KEY, "t", "eu-west-1").username == "dev"  # as it was told last
        with pytest.raises(webhook.RefusedError, match="AccessDenied: no access entry"):
            directory.find(KEY, "t", "eu-west-1")
        with pytest.raises(webhook.RefusedError, match=rf"does not answer .*503.* and {KEY} has not logged in before"):
            directory.find(KEY, "t", "eu-west-1")
    assert asked[0][3] == {"accessKeyId": KEY, "sessionToken": "t", "signingRegion": "eu-west-1"}
    assert asked[0][2]["Authorization"] == "Bearer s3"


@pytest.fixture
def reviewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """Run the webhook; its address and its certificate."""
    servers: list[ThreadingHTTPServer] = []
    listening = threading.Event()

    class Server(ThreadingHTTPServer):
        def service_actions(self) -> None:
            servers[:] = [self]
            listening.set()

    key, certificate = tmp_path / "key", tmp_path / "certificate"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=w",
    ]
    made += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    (tmp_path / "cluster.json").write_text('{"cluster": "demo", "server": "http://127.0.0.1:9", "secret": "s3"}')
    paths = {"CONFIGURATION": "cluster.json", "CACHE": "cache.json", "CERTIFICATE": "certificate", "PRIVATE_KEY": "key"}
    for name, file in {**paths, "SERVER_CA": "certificate"}.items():
        monkeypatch.setattr(webhook, name, tmp_path / file)
    monkeypatch.setattr(webhook, "LISTEN", ("127.0.0.1", 0))
    monkeypatch.setattr(webhook.os, "umask", lambda _: 0)
    monkeypatch.setattr(webhook.http.server, "ThreadingHTTPServer", Server)
    thread = threading.Thread(target=webhook.main, daemon=True)
    thread.start()
    assert listening.wait(10)
    yield f"https://127.0.0.1:{servers[0].server_port}", certificate
    servers[0].shutdown()
    thread.join(10)
    servers[0].server_close()


def test_the_webhook_reviews_tokens_by_https(
    reviewer: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address, certificate = reviewer
    known = {**signing_keys(), "arn": "arn:dev", "userId": "u", "username": "dev", "groups": ["devs"]}
    monkeypatch.setattr(webhook.ServerDirectory, "_ask", lambda *_: known)

    def review(token: str) -> Any:
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
        answer = requests.post(address, json=asked, verify=str(certificate), timeout=10)
        assert (answer.status_code, answer.json()["kind"]) == (200, "TokenReview")
        return answer.json()["status"]

    assert review(awscli_token())["user"]["groups"] == ["devs"]
    assert review("k8s-aws-v1." + base64.b64encode(b"http://x").decode())["authenticated"] is False
    told = capsys.readouterr().out
    assert "access granted arn=arn:dev username=dev groups=['devs']" in told
    assert "access denied reason=the token is not" in told


# -- the nodes' tokens


def test_a_node_asks_the_metadata_service_and_keeps_its_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    role = "/meta-data/iam/security-credentials/"
    found = {"AccessKeyId": KEY, "SecretAccessKey": SECRET, "Token": "t", "Expiration": "2999-01-01T00:00:00Z"}
    monkeypatch.setattr(eks_token, "CACHE", tmp_path / "kept.json")
    monkeypatch.setattr(eks_token.sys, "argv", ["eks-token", "demo", "eu-west-1"])
    replies = {"/api/token": [(200, "session")], role: [(200, "node\n")], f"{role}node": [(200, json.dumps(found))]}
    with serving(replies) as (address, asked):
        monkeypatch.setattr(eks_token, "METADATA", address)
        eks_token.main()
        eks_token.main()
    assert [(method, path) for method, path, *_ in asked] == [
        ("PUT", "/api/token"),
        ("GET", role),
        ("GET", f"{role}node"),
    ], "the second time it has what it kept"
    assert {name.lower(): value for name, value in asked[2][2].items()}["x-aws-ec2-metadata-token"] == "session"
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["kind"] for one in printed] == ["ExecCredential"] * 2
    assert all(one["status"]["token"].startswith("k8s-aws-v1.") for one in printed)
