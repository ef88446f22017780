"""Module service_state_info: what has to be done so that a service runs with what is installed; molecule/release asks a real systemd."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.plugins.test_image_plugins import load

if TYPE_CHECKING:
    from pathlib import Path

service_state_info = load("modules/service_state_info.py")
STARTED = "Mon 2026-11-30 17:46:11.250000 UTC"
STARTED_SECONDS = 1796060771.25


def shown(active: str = "active", changed: str = STARTED) -> dict[str, str]:
    """Return what systemd says of a service."""
    return {"ActiveState": active, "ExecMainStartTimestamp": STARTED, "StateChangeTimestamp": changed}


@pytest.mark.parametrize(
    ("timestamp", "seconds"),
    [(STARTED, STARTED_SECONDS), ("Mon 2026-11-30 17:46:11 UTC", 1796060771), ("n/a", 0), ("", 0)],
)
def test_systemds_times_are_read(timestamp: str, seconds: float) -> None:
    assert service_state_info.seconds(timestamp) == seconds


def test_the_newest_path_counts_a_link_by_itself_and_one_that_is_missing_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("", encoding="utf-8")
    os.utime(tmp_path / "old", (1000, 1000))
    (tmp_path / "link").symlink_to("nowhere")
    os.utime(tmp_path / "link", (2000, 2000), follow_symlinks=False)
    paths = [str(tmp_path / name) for name in ("old", "link", "missing")]
    assert service_state_info.newest(paths) == (2000, paths[1])
    assert service_state_info.newest(paths[2:]) == (0, "")


@pytest.mark.parametrize(
    ("active", "changed", "restarts", "reloads", "state"),
    [
        ("active", STARTED, 0.0, 0.0, "started"),
        ("active", STARTED, -1.0, -1.0, "started"),
        ("active", STARTED, 0.1, 0.0, "restarted"),
        ("active", STARTED, 0.0, 0.1, "reloaded"),
        ("active", STARTED, 0.1, 0.1, "restarted"),
        ("active", "Mon 2026-11-30 17:46:12.250000 UTC", 0.0, 0.5, "started"),  # reloaded since
        ("active", "Mon 2026-11-30 17:46:12.250000 UTC", 0.5, 0.0, "restarted"),  # a reload is no restart
        ("reloading", STARTED, 0.1, 0.0, "restarted"),
        ("inactive", STARTED, 0.1, 0.1, "started"),
        ("failed", STARTED, 0.1, 0.1, "started"),
    ],
)
def test_a_service_that_is_older_than_its_files_gets_them(
    active: str, changed: str, restarts: float, reloads: float, state: str
) -> None:
    said, because = service_state_info.state(
        shown(active, changed), (STARTED_SECONDS + restarts, "restart"), (STARTED_SECONDS + reloads, "reload")
    )
    assert said == state
    assert because == {"started": "", "restarted": "restart", "reloaded": "reload"}[state]
