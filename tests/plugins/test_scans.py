"""Findings, waivers and their end, from an image's packages in the registry to the gate that stops a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.testing import patch_module_args

from localcloud.conftest import cloud, config, docker  # noqa: F401 - fixtures
from localcloud.ecr import scans
from localcloud.ecr.tests.test_scans import FIXABLE, UNFIXED, pushed  # noqa: F401 - a fixture
from tests.plugins.test_image_plugins import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.conftest import Cloud

ecr_image_info = load("modules/ecr_image_info.py")
scan_gate = load("filter/scan_gate.py").scan_gate
WAIVER = {"id": FIXABLE["id"], "reason": "nobody calls it", "expires": "2026-12-31"}


class Client:
    """A client that takes the modules' `aws_retry`."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(*, aws_retry: bool, **asked: Any) -> Any:
            assert aws_retry
            return getattr(self.client, operation)(**asked)

        return call


@pytest.fixture
def scanned(cloud: Cloud, pushed: list[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:  # noqa: F811
    """What the module returns of an image with one finding that has a fix and one that has none."""
    monkeypatch.setattr(ecr_image_info, "SECONDS_BETWEEN_LOOKS", 0.1)
    (cloud.config.state / scans.KNOWN).write_text(json.dumps([FIXABLE, UNFIXED]))
    client = Client(cloud.client("ecr"))
    scan, findings = ecr_image_info.read_scan(client, repository="team/app", tag="v1", timeout=20)
    assert len(pushed) == 1
    return {"scan": scan, "findings": findings}


def test_several_images_are_asked_for_in_one_go(
    cloud: Cloud,  # noqa: F811
    pushed: list[str],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(ecr_image_info, "SECONDS_BETWEEN_LOOKS", 0.1)
    (cloud.config.state / scans.KNOWN).write_text(json.dumps([FIXABLE]))
    monkeypatch.setattr(ecr_image_info.AnsibleAWSModule, "client", lambda *_, **__: Client(cloud.client("ecr")))
    asked = (("v1", True), ("v1", False), ("v1.sbom", True))
    images = [{"repository": "team/app", "tag": tag, "scan": scan} for tag, scan in asked]
    with patch_module_args({"images": images, "region": "eu-west-1", "wait_timeout": 20}), pytest.raises(SystemExit):
        ecr_image_info.main()
    scanned, plain, missing = json.loads(capsys.readouterr().out)["found"]
    assert [finding["id"] for finding in scanned["findings"]] == [FIXABLE["id"]]
    assert plain == {"image": scanned["image"]}
    assert missing == {"image": None}
    assert pushed


@pytest.mark.parametrize(
    ("today", "waivers", "unfixed", "says"),
    [
        ("2026-11-29", [], False, "CVE-2026-0001 HIGH zlib1g 1:1.3-1"),
        ("2026-11-29", [WAIVER], False, ""),
        ("2026-12-31", [WAIVER], False, ""),
        ("2027-01-01", [WAIVER], False, "These waivers have expired: CVE-2026-0001"),
        ("2026-11-29", [WAIVER], True, "CVE-2026-0002 CRITICAL Flask 3.1.0"),
    ],
)
def test_a_run_stops_at_what_can_be_fixed_until_it_is_waived_and_again_after_the_waiver(
    scanned: dict[str, Any], today: str, waivers: list[dict[str, str]], *, unfixed: bool, says: str
) -> None:
    found = scan_gate(scanned, "team/app:v1", "HIGH", waivers, source="waivers.yml", unfixed=unfixed, today=today)
    assert found["passes"] is (says == "")
    assert says in found["text"]
    assert unfixed or "without a known fix, which stop nothing: CVE-2026-0002" in found["text"]
