"""Slow work in the background: bounded threads, one job at a time per key, and the same key waits only once.

Jobs are convergences: they look at what is wanted when they *start*, so a second request for a waiting key is the same job.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LOG = logging.getLogger(__name__)
THREADS = 4
IDLE_SECONDS = 30.0
RETRY_SECONDS = (1.0, 5.0)


POOLS: weakref.WeakSet[Work] = weakref.WeakSet()


def waiting() -> list[str]:
    """Keys of the jobs that wait or run, in all pools of this process."""
    return sorted(key for pool in list(POOLS) for key in pool.waiting())


def failing() -> dict[str, str]:
    """Say what went wrong last, by key, in all pools of this process."""
    return {key: text for pool in list(POOLS) for key, text in pool.failures.items()}


class Work:
    """A small pool; its threads end when there is nothing to do."""

    def __init__(self, threads: int = THREADS) -> None:
        POOLS.add(self)
        self._threads = threads
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, Callable[[], object]] = OrderedDict()
        self._running: set[str] = set()
        self._alive = 0
        self._idle = 0
        self.failures: dict[str, str] = {}  # key -> what went wrong last

    def submit(self, key: str, job: Callable[[], object]) -> None:
        """Run the job soon; a job of this key that waits already is replaced by it."""
        with self._changed:
            self._waiting[key] = job
            if self._idle == 0 and self._alive < self._threads:
                self._alive += 1
                threading.Thread(target=self._serve, name=f"work-{self._alive}", daemon=True).start()
            self._changed.notify_all()

    def wait(self, keys: Iterable[str], *, seconds: float) -> bool:
        """Wait until no job of these keys waits or runs; False when the time is over."""
        wanted = set(keys)
        with self._changed:
            return self._changed.wait_for(lambda: not wanted & (self._running | self._waiting.keys()), timeout=seconds)

    def waiting(self) -> list[str]:
        """Keys of the jobs that wait or run."""
        with self._changed:
            return sorted(self._running | self._waiting.keys())

    def wait_all(self, *, seconds: float) -> bool:
        """Wait until nothing is left to do."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running and not self._waiting, timeout=seconds)

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._idle += 1
                found = self._changed.wait_for(lambda: self._next() is not None, timeout=IDLE_SECONDS)
                self._idle -= 1
                key = self._next() if found else None
                if key is None:
                    self._alive -= 1
                    return
                job = self._waiting.pop(key)
                self._running.add(key)
            try:
                self._run(key, job)
            finally:
                with self._changed:
                    self._running.discard(key)
                    self._changed.notify_all()

    def _next(self) -> str | None:
        return next((key for key in self._waiting if key not in self._running), None)

    def _run(self, key: str, job: Callable[[], object]) -> None:
        for pause in (*RETRY_SECONDS, None):
            try:
                job()
            except Exception as error:  # whatever a job meets: it is told as the job's failure, and tried again
                self.failures[key] = f"{type(error).__name__}: {error}"
                if pause is None:
                    LOG.exception("job %s gave up", key)
                    return
                LOG.warning("job %s: %s; again in %s s", key, error, pause)
                time.sleep(pause)
            else:
                self.failures.pop(key, None)
                return
