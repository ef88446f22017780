"""What module terraform makes of Terraform's messages, and when it sends which signal."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from plugins.action.terraform import stopped
from plugins.module_utils._terraform import Progress, UnknownFormatError, duration
from plugins.module_utils._terraform_process import FORCED, Ended, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def progress(clock: Clock) -> tuple[Progress, list[str]]:
    said: list[str] = []
    return Progress(say=said.append, clock=clock, interval=20), said


def hook(kind: str, address: str, action: str = "create", **more: Any) -> str:
    return json.dumps({"type": kind, "hook": {"resource": {"addr": address}, "action": action, **more}})


def test_seconds_are_worded_for_a_person() -> None:
    assert [duration(seconds) for seconds in (0.2, 59, 60, 312)] == ["0 s", "59 s", "1 min 0 s", "5 min 12 s"]


def test_silence_is_broken_once_in_an_interval_by_what_takes_longest() -> None:
    clock = Clock()
    seen, said = progress(clock)
    seen.begin("applying")
    for name in ("a", "b", "c", "d"):
        seen.line(hook("apply_start", name, "delete"))
        clock.now += 1
    said.clear()
    for _ in range(50):
        clock.now += 1
        seen.tick()
    assert said == [
        "Still applying after 23 s: a (destroying, 23 s), b (destroying, 22 s), c (destroying, 21 s) and 1 more",
        "Still applying after 43 s: a (destroying, 43 s), b (destroying, 42 s), c (destroying, 41 s) and 1 more",
    ]


def test_a_plan_that_takes_long_says_so() -> None:
    clock = Clock()
    seen, said = progress(clock)
    seen.begin("planning")
    clock.now = 20
    seen.tick()
    assert said == ["Still planning after 20 s"]


def test_a_warning_is_said_once_in_a_run_and_an_error_without_values() -> None:
    seen, said = progress(Clock())
    for stage in ("planning", "applying"):
        seen.begin(stage)
        seen.line(json.dumps({"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": "Deprecated"}}))
    found = {
        "severity": "error",
        "summary": "Invalid value",
        "detail": "Too long.",
        "address": "aws_x.y",
        "range": {"filename": "main.tf", "start": {"line": 4}},
        "snippet": {"code": 'name = "hunter2"', "values": [{"traversal": "var.x", "statement": 'is "hunter2"'}]},
    }
    seen.line(json.dumps({"type": "diagnostic", "diagnostic": found}))
    assert said == ["Warning of Terraform: Deprecated"]
    assert seen.problem() == "Error: Invalid value\n  with aws_x.y\n  on main.tf line 4\nToo long."


def test_what_is_no_message_is_kept_for_when_there_is_no_error() -> None:
    seen, _ = progress(Clock())
    seen.begin("planning")
    for line in ("panic: runtime error", "3", '{"type": "a later kind"}'):
        seen.line(line)
    assert seen.problem() == "panic: runtime error\n3"


def test_another_major_version_of_the_format_is_refused() -> None:
    seen, _ = progress(Clock())
    with pytest.raises(
        UnknownFormatError, match=r"^Terraform 9\.0\.0 writes version 2\.1 of its machine-readable UI, but version 1"
    ):
        seen.line('{"type": "version", "terraform": "9.0.0", "ui": "2.1"}')


class Stubborn:
    """A Terraform that ends by the given signal only: the first, the second, the third."""

    def __init__(self, clock: Clock, ends_by: int) -> None:
        self.clock, self.left, self.signals = clock, ends_by, list[tuple[float, int]]()

    def poll(self) -> int | None:
        return None if self.left else 1

    def wait(self, timeout: float | None = None) -> int:
        self.clock.now += timeout or 0
        if self.left:
            raise subprocess.TimeoutExpired("terraform", timeout or 0)
        return 1

    def send_signal(self, sig: int) -> None:
        self.signals.append((round(self.clock.now), sig))
        self.left -= 1


@pytest.mark.parametrize(("ends_by", "forced"), [(1, False), (2, True), (3, True)])
def test_terraform_gets_all_the_time_to_stop_before_it_is_forced(ends_by: int, forced: bool) -> None:  # noqa: FBT001
    clock = Clock()
    process = Stubborn(clock, ends_by)

    def start(command: Sequence[str], directory: str, environment: Mapping[str, str], output: int) -> Stubborn:
        return process

    reasons: list[str] = []
    reason: Callable[[], str] = lambda: "it is late" if clock.now >= 10 else ""  # noqa: E731
    ended = run(
        ["terraform"],
        directory="/",
        environment={},
        each_line=lambda line: None,
        tick=lambda: None,
        reason_to_stop=reason,
        on_stop=reasons.append,
        patience=300,
        start=start,
        clock=clock,
    )
    assert ended == Ended(code=1, stopped="it is late", forced=forced)
    assert reasons == ["it is late"]
    assert process.signals == [(10, signal.SIGINT), (310, signal.SIGINT), (310 + FORCED, signal.SIGKILL)][:ends_by]


def test_a_run_that_had_to_be_forced_says_what_may_be_wrong() -> None:
    text = stopped(Ended(code=1, stopped="it is late", forced=True), stage="applying", unfinished="", problem="")
    assert text == (
        "Terraform was stopped while applying, since it is late. It did not end in order: the lock on the state may still be "
        "held, and the state may lack what was just made. docs/runbooks.md says the way back (Terraform was cut short)."
    )
    kept = stopped(
        Ended(code=1, stopped="it is late"), stage="applying", unfinished="", problem="Error releasing the state lock"
    )
    assert kept == text
