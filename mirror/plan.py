"""What is to be done, two jobs at a time, what most wait for first, with a line and the seconds for each."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter

from setup import durations
from setup.progress import Progress
from setup.supervisor import descendants

JOBS = 2
INTERRUPTED = 130
LOOK, QUIET, LONGEST = 0.02, 0.5, 10.0  # seconds
QUICK = {"present", "loaded"}  # says nothing of how long it takes to make


def run(
    needs: Mapping[str, Iterable[str]],
    do: Callable[[str], str],
    *,
    progress: Progress,
    alone: Callable[[str], bool] = lambda _: False,
    fetched: Callable[[str], bool] = lambda _: False,
) -> dict[str, str]:
    """Do every step after those that it needs; how each came about. A failure is raised, and nothing new begins.

    Of the steps that use all cores (`alone`), one is done at a time; the other job is for the rest. What is downloaded
    (`fetched`) is called so, and has a duration of its own.
    """
    with progress, ThreadPoolExecutor(max_workers=JOBS) as pool:
        try:
            return _Plan(needs, do, progress, pool, alone, fetched).run()
        except KeyboardInterrupt:
            # what the threads wait for was interrupted, too; what they would begin next must not begin
            progress.close()
            _interrupt_what_begins()
            os._exit(INTERRUPTED)


def _interrupt_what_begins() -> None:
    """Interrupt each program once, until no further one has begun for a while: a thread may go on to its next."""
    told: set[int] = set()
    last = time.monotonic()
    ends = last + LONGEST
    while last + QUIET > time.monotonic() < ends:
        if new := set(descendants(os.getpid())) - told:
            last = time.monotonic()
        for process in new:
            with contextlib.suppress(ProcessLookupError):  # it has ended
                os.kill(process, signal.SIGINT)
        told |= new
        time.sleep(LOOK)


class _Plan:
    """The steps of one run: which may begin, and which are being done."""

    def __init__(
        self,
        needs: Mapping[str, Iterable[str]],
        do: Callable[[str], str],
        progress: Progress,
        pool: ThreadPoolExecutor,
        alone: Callable[[str], bool],
        fetched: Callable[[str], bool],
    ) -> None:
        self.do, self.progress, self.pool, self.alone, self.fetched = do, progress, pool, alone, fetched
        self.order = TopologicalSorter(needs)
        self.order.prepare()
        self.rank = ranks(needs)
        self.ready: list[str] = []
        self.running: dict[Future[str], str] = {}
        self.called: dict[str, str] = {}  # what is being done: step -> name of its duration

    def run(self) -> dict[str, str]:
        """Do all; how each came about."""
        results: dict[str, str] = {}
        while self.order.is_active():
            self.ready = sorted([*self.ready, *self.order.get_ready()], key=lambda step: -self.rank[step])
            self._begin()
            done, _ = wait(self.running, return_when=FIRST_COMPLETED)
            for future in done:
                step = self.running.pop(future)
                failed = future.exception()
                seconds = self.progress.end(self.called.pop(step), remember=not failed and future.result() not in QUICK)
                if failed:
                    self.pool.shutdown(wait=True, cancel_futures=True)
                results[step] = future.result()
                self.progress.say(f"{seconds:7.1f} s {results[step]:9} {step}")
                self.order.done(step)
        return results

    def _begin(self) -> None:
        for step in [*self.ready]:
            busy = self.alone(step) and any(self.alone(other) for other in self.running.values())
            if len(self.running) < JOBS and not busy:
                self.ready.remove(step)
                fetched = self.fetched(step)
                self.called[step] = f"fetch {duration_of(step)}" if fetched else duration_of(step)
                self.progress.begin(self.called[step], f"{'fetching' if fetched else 'building'} {step}")
                self.running[self.pool.submit(self.do, step)] = step


def duration_of(step: str) -> str:
    """Return the name by which a step's duration is known: that of an artefact, or `image NAME`."""
    return step.removeprefix("artefact ")


def ranks(needs: Mapping[str, Iterable[str]]) -> dict[str, float]:
    """Return for each step the seconds from its begin to the end of all that waits for it: the longest chain comes first."""
    waiting: dict[str, list[str]] = {}
    for step, wanted in needs.items():
        for other in wanted:
            waiting.setdefault(other, []).append(step)
    rank: dict[str, float] = {}
    for step in reversed([*TopologicalSorter(needs).static_order()]):
        own = durations.expected(duration_of(step)) or 1.0
        rank[step] = own + max((rank[other] for other in waiting.get(step, [])), default=0.0)
    return rank
