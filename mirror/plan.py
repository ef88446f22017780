"""What is to be done, in order, two jobs at a time, with a line and the seconds for each."""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter

JOBS = 2


def run(needs: Mapping[str, Iterable[str]], do: Callable[[str], str], *, say: Callable[[str], None]) -> dict[str, str]:
    """Do every step after those that it needs; how each came about. A failure is raised, and nothing new begins."""
    results: dict[str, str] = {}
    order = TopologicalSorter(needs)
    order.prepare()
    running: dict[Future[tuple[float, str]], str] = {}
    with ThreadPoolExecutor(max_workers=JOBS) as pool:
        while order.is_active():
            for step in order.get_ready():
                running[pool.submit(_timed, do, step)] = step
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                step = running.pop(future)
                if future.exception():
                    pool.shutdown(wait=True, cancel_futures=True)
                seconds, results[step] = future.result()
                say(f"{seconds:7.1f} s {results[step]:9} {step}")
                order.done(step)
    return results


def _timed(do: Callable[[str], str], step: str) -> tuple[float, str]:
    started = time.monotonic()
    how = do(step)
    return time.monotonic() - started, how
