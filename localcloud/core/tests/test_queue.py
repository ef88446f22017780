from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from localcloud.core.queue import Clock, Queue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 5.0


class FakeClock(Clock):
    """Time that a test moves."""

    def __init__(self) -> None:
        self.time = 0.0
        self.changed: threading.Condition | None = None

    def now(self) -> float:
        return self.time

    def wait(self, changed: threading.Condition, seconds: float | None) -> None:
        self.changed = changed
        changed.wait(None if seconds is None else PATIENCE)

    def advance(self, seconds: float) -> None:
        assert self.changed is not None
        with self.changed:
            self.time += seconds
            self.changed.notify_all()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def queue(clock: FakeClock) -> Iterator[Queue]:
    made = Queue(clock=clock, threads=8, first_pause=1.0, longest_pause=8.0, soon=0.0)
    yield made
    assert made.stop(seconds=PATIENCE)


def until(question: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < end
        time.sleep(0.001)


class Job:
    """One whose runs a test counts, holds and answers."""

    def __init__(self, *outcomes: float | Exception | None, held: bool = False) -> None:
        self.outcomes = list(outcomes)
        self.runs = 0
        self.go = threading.Event()
        if not held:
            self.go.set()

    def __call__(self) -> float | None:
        self.runs += 1
        assert self.go.wait(PATIENCE)
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def test_a_key_has_one_running_and_one_pending_job(queue: Queue) -> None:
    running, never, last = Job(held=True), Job(), Job()
    queue.submit("key", running)
    until(lambda: running.runs == 1)
    queue.submit("key", never)
    queue.submit("key", last)
    assert (last.runs, queue.pending()) == (0, ["key"])
    running.go.set()
    assert queue.settle(seconds=PATIENCE)
    assert (running.runs, never.runs, last.runs) == (1, 0, 1)


def test_a_burst_runs_on_as_many_threads_also_after_other_work(queue: Queue) -> None:
    queue.submit("first", Job())
    assert queue.settle(seconds=PATIENCE)
    together = threading.Barrier(8)

    def job() -> None:
        together.wait(PATIENCE)  # breaks unless all eight run at once

    for number in range(8):
        queue.submit(str(number), job)
    assert queue.settle(seconds=PATIENCE)
    assert queue.failing() == {}


def test_threads_are_bounded(queue: Queue) -> None:
    jobs = [Job(held=True) for _ in range(9)]
    for number, job in enumerate(jobs):
        queue.submit(str(number), job)
    until(lambda: sum(job.runs for job in jobs) == 8)
    assert jobs[8].runs == 0
    for job in jobs:
        job.go.set()
    assert queue.settle(seconds=PATIENCE)
    assert jobs[8].runs == 1


def test_a_job_looks_again_when_it_asked_to_and_holds_no_thread_meanwhile(queue: Queue, clock: FakeClock) -> None:
    job = Job(10.0, None)
    queue.submit("key", job)
    assert queue.settle(seconds=PATIENCE)  # later is not pending
    clock.advance(9.9)
    assert (job.runs, queue.trying("key")) == (1, 9.9)
    clock.advance(0.1)
    until(lambda: job.runs == 2)
    assert queue.settle(seconds=PATIENCE)
    assert queue.trying("key") == 0.0  # done


def test_a_new_request_does_not_wait_for_the_next_look(queue: Queue) -> None:
    waiting, new = Job(60.0), Job()
    queue.submit("key", waiting)
    assert queue.settle(seconds=PATIENCE)
    queue.submit("key", new)
    assert queue.settle(seconds=PATIENCE)
    assert (waiting.runs, new.runs) == (1, 1)


def test_failures_are_tried_for_ever_with_pauses_that_double_up_to_a_limit(
    queue: Queue, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    job = Job(*(OSError("Docker restarts") for _ in range(6)), None)
    queue.submit("key", job)
    for attempt, pause in enumerate((1.0, 2.0, 4.0, 8.0, 8.0, 8.0), start=1):
        assert queue.settle(seconds=PATIENCE)
        assert queue.failing() == {"key": f"OSError: Docker restarts (attempt {attempt})"}
        said = f"key failed (attempt {attempt}): OSError: Docker restarts; again in {pause} s"
        assert [record.getMessage() for record in caplog.records][attempt - 1 :] == [said]
        clock.advance(pause - 0.1)
        assert job.runs == attempt
        clock.advance(0.1)
        until(lambda runs=attempt + 1: job.runs == runs)  # type: ignore[misc]
    assert queue.settle(seconds=PATIENCE)
    assert queue.failing() == {}


def test_a_success_makes_the_next_pause_short_again(queue: Queue, clock: FakeClock) -> None:
    job = Job(OSError(), OSError(), 1.0, OSError(), None)
    queue.submit("key", job)
    for runs, pause in enumerate((1.0, 2.0, 1.0, 1.0), start=2):
        assert queue.settle(seconds=PATIENCE)
        clock.advance(pause)
        until(lambda wanted=runs: job.runs == wanted)  # type: ignore[misc]


def test_jobs_whose_time_comes_at_once_run_at_once(queue: Queue, clock: FakeClock) -> None:
    together = threading.Barrier(4)

    class Twice:
        def __init__(self) -> None:
            self.runs = 0

        def __call__(self) -> float | None:
            self.runs += 1
            if self.runs == 1:
                return 5.0
            together.wait(PATIENCE)
            return None

    for number in range(4):
        queue.submit(str(number), Twice())
    assert queue.settle(seconds=PATIENCE)
    clock.advance(5.0)
    assert queue.settle(seconds=PATIENCE)
    assert queue.failing() == {}


def test_waits_are_bounded(queue: Queue) -> None:
    job = Job(held=True)
    queue.submit("key", job)
    assert not queue.settle(seconds=0.01)
    assert queue.pending() == ["key"]
    job.go.set()


def test_stop_waits_for_what_runs_and_starts_nothing_more(clock: FakeClock) -> None:
    queue = Queue(clock=clock)
    running, next_one = Job(held=True), Job()
    queue.submit("key", running)
    until(lambda: running.runs == 1)
    queue.submit("key", next_one)
    assert not queue.stop(seconds=0.01)
    running.go.set()
    assert queue.stop(seconds=PATIENCE)
    queue.submit("other", next_one)
    assert next_one.runs == 0


def test_real_time() -> None:
    queue = Queue(first_pause=0.01)
    job = Job(OSError("once"), 0.01, None)
    queue.submit("key", job)
    assert queue.settle(seconds=PATIENCE)
    assert job.runs == 3
    assert queue.stop(seconds=PATIENCE)
