"""Module ecr_image_scan: whose scan is long ago is scanned again, as often as ECR allows it."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.testing import patch_module_args

from localcloud.conftest import cloud, config, docker  # noqa: F401 - fixtures
from localcloud.ecr import scans
from localcloud.ecr.models import backend_of
from localcloud.ecr.tests.test_scans import FIXABLE, pushed  # noqa: F401 - a fixture
from tests.plugins.test_image_plugins import load
from tests.plugins.test_scans import Client

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.conftest import Cloud

ecr_image_scan = load("modules/ecr_image_scan.py")


def image(of: Cloud) -> Any:
    """Return the image as the local cloud has it."""
    return backend_of(of.config.region).repositories["team/app"].images[0]


@pytest.fixture
def run(
    cloud: Cloud,  # noqa: F811
    pushed: list[str],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., dict[str, Any]]:
    """Return a function that runs the module with an image whose scan is so many hours old."""
    monkeypatch.setattr(ecr_image_scan.AnsibleAWSModule, "client", lambda *_, **__: Client(cloud.client("ecr")))
    assert pushed == []

    def play(*tags: str, hours: float | None, check: bool = False) -> dict[str, Any]:
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        image(cloud).last_scan = None if hours is None else now - dt.timedelta(hours=hours)
        asked = {"images": [{"repository": "team/app", "tag": tag} for tag in tags], "max_age": 12}
        with patch_module_args({**asked, "_ansible_check_mode": check}), pytest.raises(SystemExit):
            ecr_image_scan.main()
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return {name: answer[name] for name in ("changed", "started")}

    return play


STARTED = {"changed": True, "started": ["team/app:v1"]}
NOTHING = {"changed": False, "started": []}


@pytest.mark.parametrize(("hours", "answer"), [(None, STARTED), (1, NOTHING), (30, STARTED)])
def test_a_scan_that_is_long_ago_or_never_was_is_started(
    cloud: Cloud,  # noqa: F811
    run: Callable[..., dict[str, Any]],
    hours: float | None,
    answer: dict[str, Any],
) -> None:
    before = run("v1", hours=hours, check=True)
    assert before == answer
    assert run("v1", "gone", hours=hours) == answer
    age = dt.datetime.now() - image(cloud).last_scan  # noqa: DTZ005 - moto's own
    assert (age < dt.timedelta(minutes=1)) == bool(answer["started"])


def test_a_scan_that_ecr_does_not_allow_yet_is_left_for_later(
    run: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("v1", hours=None) == STARTED
    monkeypatch.setattr(ecr_image_scan, "is_old", lambda *_, **__: True)
    assert run("v1", hours=0) == NOTHING


def test_enhanced_scanning_scans_again_by_itself(cloud: Cloud, run: Callable[..., dict[str, Any]]) -> None:  # noqa: F811
    (cloud.config.state / scans.KNOWN).write_text(json.dumps([FIXABLE]))
    assert run("v1", hours=30) == NOTHING  # its packages are being read
    cloud.settle()
    assert run("v1", hours=30) == NOTHING
