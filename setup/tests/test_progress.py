"""No minute goes by without a line, no quick step makes one, and the last duration is remembered."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from setup import durations, paths
from setup.durations import spoken
from setup.progress import Progress, Screen, show

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    """Time as a test wants it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("BEACON_CACHE", str(tmp_path))
    return tmp_path


def test_a_long_step_is_announced_and_says_once_a_minute_that_it_lives() -> None:
    output, clock = io.StringIO(), Clock()
    progress = Progress(output, clock=clock)
    progress.begin("prometheus", "building prometheus")
    for clock.now in range(200):
        progress.tick()
    assert progress.end("prometheus") == 199
    assert output.getvalue().splitlines() == [
        "    building prometheus (about 2 min 30 s)",
        "    still building prometheus, 1 min 2 s of about 2 min 30 s",
        "    still building prometheus, 2 min 2 s of about 2 min 30 s",
        "    still building prometheus, 3 min 2 s, longer than 2 min 30 s",
    ]


def test_the_next_time_it_is_known_how_long_it_took() -> None:
    output, clock = io.StringIO(), Clock()
    progress = Progress(output, clock=clock)
    for _ in range(2):
        progress.begin("new tool", "building new tool")
        clock.now += 2
        progress.tick()
        clock.now += 70
        progress.end("new tool")
    assert output.getvalue().splitlines() == ["    building new tool", "    building new tool (last time 1 min 12 s)"]
    progress.begin("new tool", "building new tool")
    clock.now += 1
    progress.end("new tool", remember=False)
    assert durations.expected("new tool") == 72


def test_what_is_quick_or_speaks_for_itself_makes_no_line() -> None:
    output, clock = io.StringIO(), Clock()
    progress = Progress(output, clock=clock)
    progress.begin("quick", "building quick")
    clock.now += 1
    progress.tick()
    progress.end("quick")
    progress.begin("site", "at site", told=True)
    for clock.now in range(2, 600, 10):
        progress.say(f"TASK {clock.now}")
        progress.tick()
    assert [line for line in output.getvalue().splitlines() if not line.startswith("TASK")] == []


def test_that_a_task_asks_again_is_no_line_but_that_it_lives_is() -> None:
    output, clock = io.StringIO(), Clock()
    progress = Progress(output, clock=clock)
    progress.begin("verify", "at verify", told=True)
    for clock.now in range(0, 70, 4):
        progress.pass_on(b"FAILED - RETRYING: [localhost]: After | Wait (39 retries left).\n")
        progress.tick()
    progress.pass_on(b"ok: [local")
    progress.pass_on(b"host]\nno end")
    progress.close()
    assert output.getvalue().splitlines() == [
        "    still at verify, 1 min, longer than 45 s",
        "ok: [localhost]",
        "no end",
    ]


def test_several_at_once_share_the_line() -> None:
    output, clock = io.StringIO(), Clock()
    progress = Progress(output, clock=clock)
    progress.begin("a", "building a")
    progress.begin("b", "building b")
    clock.now = 2.5
    progress.tick()
    clock.now = 61.5
    progress.say("something else")
    clock.now = 121.5
    progress.tick()
    assert output.getvalue().splitlines()[-1] == "    still building a, 2 min 2 s; building b, 2 min 2 s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (192, "3 min 12 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (273600, "3 days 4 h"),
    ],
)
def test_durations_as_people_say_them(seconds: float, text: str) -> None:
    assert spoken(seconds) == text


SHOWN = """
import sys, time
from setup.progress import show
with show(sys.stdout) as progress:
    progress.begin("prometheus", "building prometheus")
    time.sleep(1.2)
    progress.pass_on(b"\\x1b[0;32mok: [localhost]\\x1b[0m\\nhalf a ")
    progress.pass_on(b"line\\n")
    time.sleep(0.6)
    progress.end("prometheus")
    progress.say("done")
"""


def on_a_terminal(script: str) -> str:
    """Return what a program writes to a terminal."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "90", "LINES": "24"}
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=paths.CHECKOUT, stdin=slave, stdout=slave, stderr=slave, env=environment
    ) as process:
        os.close(slave)
        written = b""
        while True:
            try:
                piece = os.read(master, 1 << 16)
            except OSError:  # nobody has the other end open any more
                break
            written += piece
        assert process.wait(timeout=30) == 0, written.decode()
    os.close(master)
    return written.decode()


def test_on_a_terminal_it_moves_below_what_is_said_and_gives_the_terminal_back() -> None:
    written = on_a_terminal(SHOWN)
    drawn = re.findall(
        r"building prometheus [━╸╺ ]*\S*\s*(\d) s of about 2 min 30 s", re.sub(r"\x1b\[[\d;]*m", "", written)
    )
    assert set(drawn) >= {"0", "1"}
    assert "\x1b[32mok: [localhost]\x1b[0m" in written
    assert "half a line\r\n" in written
    assert written.rstrip().endswith("done")
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") > 0  # the cursor is there again


def test_without_a_terminal_lines_are_plain() -> None:
    assert type(show(io.StringIO())) is Progress
    assert issubclass(Screen, Progress)
