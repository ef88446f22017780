"""What is to be done, in order, two jobs at a time, with a line and the seconds for each."""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter

JOBS = 2


def run(needs: Mapping[str, Iterable[str]], do: Callable[[str], str], *, say: Callable[[str], None]) -> None:
    """Do every step after the ones that it needs; after a failure nothing new begins, and the failure is raised."""
    order = TopologicalSorter(needs)
    order.prepare()
    running: dict[Future[str], str] = {}
    with ThreadPoolExecutor(max_workers=JOBS) as pool:
        while order.is_active():
            for step in order.get_ready():
                running[pool.submit(_timed, do, step)] = step
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                step = running.pop(future)
                if future.exception():
                    pool.shutdown(wait=True, cancel_futures=True)
                say(f"{future.result()} {step}")
                order.done(step)


def _timed(do: Callable[[str], str], step: str) -> str:
    started = time.monotonic()
    how = do(step)
    return f"{time.monotonic() - started:7.1f} s {how:9}"
