from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.images.tests.conftest import program

if TYPE_CHECKING:
    from pathlib import Path

controller: Any = program("control-plane/lib/controller.py")
shipper: Any = program("control-plane/lib/log_shipper.py")
NODE = "ip-10-42-1-5.eu-west-1.compute.internal"
USER = f"system:node:{NODE}"


def request(folder: Path, *, subject: str, names: str) -> str:
    """Make a certificate request as PEM."""
    command = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", str(folder / "key"), "-subj", subject, "-addext", f"subjectAltName={names}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def text(pem: str) -> str:
    return subprocess.run(
        ["openssl", "req", "-noout", "-text"], input=pem, capture_output=True, text=True, check=True
    ).stdout


def test_a_nodes_own_names_are_approved(tmp_path: Path) -> None:
    pem = request(tmp_path, subject=f"/O=system:nodes/CN={USER}", names=f"DNS:{NODE},IP:10.42.1.5")
    assert controller.refusal(username=USER, request=text(pem)) is None


@pytest.mark.parametrize(
    ("username", "subject", "names", "reason"),
    [
        (USER, f"/O=system:nodes/CN={USER}", f"DNS:{NODE},IP:10.42.1.6", "are not all of"),
        (USER, f"/O=system:nodes/CN={USER}", "DNS:kubernetes.default", "are not all of"),
        (USER, "/O=system:masters/CN=admin", f"DNS:{NODE}", "the subject is not that of"),
        ("arn:aws:iam::1:user/dev", f"/O=system:nodes/CN={USER}", f"DNS:{NODE}", "is not a node"),
    ],
)
def test_other_names_are_refused(tmp_path: Path, username: str, subject: str, names: str, reason: str) -> None:
    pem = request(tmp_path, subject=subject, names=names)
    assert reason in str(controller.refusal(username=username, request=text(pem)))


def test_only_open_requests_for_serving_certificates_are_handled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, ...]] = []
    monkeypatch.setattr(controller, "kubectl", lambda *words: done.append(words))
    pem = request(tmp_path, subject=f"/O=system:nodes/CN={USER}", names=f"DNS:{NODE}")
    spec = {"signerName": controller.SIGNER, "username": USER, "request": base64.b64encode(pem.encode()).decode()}
    controller.handle_request({"metadata": {"name": "one"}, "spec": spec, "status": {}})
    controller.handle_request(
        {"metadata": {"name": "two"}, "spec": spec, "status": {"conditions": [{"type": "Approved"}]}}
    )
    controller.handle_request({"metadata": {"name": "three"}, "spec": spec | {"signerName": "other"}, "status": {}})
    assert done == [("certificate", "approve", "one")]


def test_a_policy_is_bound_in_each_namespace_that_matches() -> None:
    scopes = [{"group": "eks:access:V:1", "role": "view", "namespaces": ["dev-*", "shop"]}]
    made = controller.bindings(scopes, ["default", "dev-a", "shop"])
    assert [(b["metadata"]["namespace"], b["roleRef"]["name"]) for b in made] == [("dev-a", "view"), ("shop", "view")]
    assert made[0]["subjects"][0]["name"] == "eks:access:V:1"


def test_logs_are_bounded_and_come_back_when_they_cannot_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipper.Tail, "_read", lambda _self: None)
    tail = shipper.Tail(["true"])
    for number in range(shipper.BATCH + 5):
        tail.add(f"line {number}")
    events = tail.take()
    assert events[0]["message"] == "(5 lines dropped)"
    assert len(events) == shipper.BATCH + 1
    assert tail.take() == []
    tail.give_back(events[1:])
    tail.add("newest")
    assert tail.take()[-1]["message"] == "newest"
