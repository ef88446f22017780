"""The access log's file, and how a person reads it."""

from __future__ import annotations

import json
import stat
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

import pytest

from localcloud.core.errors import LocalCloudError
from localcloud.iam import access_log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINE = {
    "time": "2026-11-29T10:00:00.000+00:00",
    "principal": "arn:aws:iam::123456789012:user/dev",
    "action": "ec2:DescribeVpcs",
    "resource": "*",
    "allowed": True,
    "by": "identity-based policy",
}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    access_log.start(tmp_path)
    yield access_log.path(tmp_path)
    for handler in list(access_log.LOGGER.handlers):
        access_log.LOGGER.removeHandler(handler)
        handler.close()
    access_log.LOGGER.propagate = True


def test_only_its_owner_reads_it(log: Path) -> None:
    access_log.LOGGER.info("{}")
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_person_sees_who_asked_for_what_oldest_first(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (handler,) = (one for one in access_log.LOGGER.handlers if isinstance(one, RotatingFileHandler))
    monkeypatch.setattr(handler, "maxBytes", 300)
    access_log.LOGGER.info(json.dumps(LINE))
    refused = {
        **LINE,
        "allowed": False,
        "resource": None,
        "reason": "because no identity-based policy allows the action",
    }
    access_log.LOGGER.info(json.dumps(refused))
    allowed, denied = map(access_log.line, access_log.entries(log.parent))
    who = "arn:aws:iam::123456789012:user/dev"
    reason = "because no identity-based policy allows the action"
    assert allowed == f"2026-11-29T10:00:00.000+00:00  allowed  ec2:DescribeVpcs  *  {who}"
    assert denied == f"2026-11-29T10:00:00.000+00:00  DENIED   ec2:DescribeVpcs  (not named)  {who}  {reason}"
    assert log.with_suffix(".log.1").exists()


def test_without_a_log_the_way_to_one_is_said(tmp_path: Path) -> None:
    with pytest.raises(
        LocalCloudError, match=r"There is no access log: .*access\.log does not exist\. Start with `up`\."
    ):
        list(access_log.entries(tmp_path))
