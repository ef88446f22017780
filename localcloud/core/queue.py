"""A level-triggered queue with keys, as client-go's workqueue: https://pkg.go.dev/k8s.io/client-go/util/workqueue.

A job makes what is real equal to what is wanted *when it runs*, so a second request for a waiting key is the same job. It
never sleeps: it returns after how many seconds it wants to look again, or None when there is nothing left to do. One that
raises is tried again for ever, after pauses that double up to a limit.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LOG = logging.getLogger(__name__)

MOST_DOUBLINGS = 30  # more would overflow one day: attempts go on for ever

type Reconcile = Callable[[], float | None]  # seconds until the next look, or None: done


class Clock:
    """Real time."""

    def now(self) -> float:
        """Return seconds that only grow."""
        return time.monotonic()

    def wait(self, changed: threading.Condition, seconds: float | None) -> None:
        """Wait until something changes, or until the time is over."""
        changed.wait(seconds)


@dataclass(kw_only=True)
class _Key:
    """What the queue knows of a key from its submission until its job is done."""

    name: str
    job: Reconcile
    since: float  # of the last submission
    due: float | None  # of the next run; None: only the present one
    running: bool = False
    attempts: int = 0  # that failed in a row
    failure: str = ""


class Queue:
    """At most one running and one pending job per key; a burst of n keys runs on up to n threads."""

    def __init__(
        self,
        *,
        threads: int = 64,
        first_pause: float = 0.5,
        longest_pause: float = 30.0,
        soon: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        self._threads = threads
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._soon = soon
        self._clock = clock or Clock()
        self._changed = threading.Condition()
        self._keys: dict[str, _Key] = {}
        self._alive = 0
        self._idle = 0  # threads without a job, those that are about to start included
        self._stopped = False

    def submit(self, key: str, job: Reconcile) -> None:
        """Run the job as soon as no other of this key runs; it replaces one that waits."""
        with self._changed:
            now = self._clock.now()
            known = self._keys.setdefault(key, _Key(name=key, job=job, since=now, due=now))
            known.job, known.since, known.due = job, now, now
            self._staff()
            self._changed.notify_all()

    def trying(self, key: str) -> float:
        """Return for how many seconds the key has been worked on since it was submitted last."""
        with self._changed:
            known = self._keys.get(key)
            return self._clock.now() - known.since if known else 0.0

    def pending(self) -> list[str]:
        """Return the keys whose jobs run, or will soon: not those that look again later."""
        with self._changed:
            return self._pending()

    def failing(self) -> dict[str, str]:
        """Return what went wrong last, by key, of jobs that are tried again."""
        with self._changed:
            return {
                key: f"{known.failure} (attempt {known.attempts})"
                for key, known in sorted(self._keys.items())
                if known.failure
            }

    def settle(self, *, seconds: float) -> bool:
        """Wait until no job is pending; False when the time is over."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._pending(), timeout=seconds)

    def stop(self, *, seconds: float) -> bool:
        """Start no job any more and wait for those that run; False when the time is over."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._alive == 0, timeout=seconds)

    # -- threads: all of this with the lock held, but the jobs themselves
    def _pending(self) -> list[str]:
        end = self._clock.now() + self._soon
        return sorted(k for k, known in self._keys.items() if known.running or (known.due or 0.0) <= end)

    def _ready(self) -> list[_Key]:
        now = self._clock.now()
        return [known for known in self._keys.values() if not known.running and (known.due or 0.0) <= now]

    def _next_due(self) -> float | None:
        return min((known.due or 0.0 for known in self._keys.values() if not known.running), default=None)

    def _staff(self) -> None:
        """Have a thread for each job that is ready, and one that waits for the next."""
        waiting = any(not known.running for known in self._keys.values())
        wanted = max(len(self._ready()), int(waiting))
        while not self._stopped and self._idle < wanted and self._alive < self._threads:
            self._alive += 1
            self._idle += 1
            threading.Thread(target=self._serve, name=f"queue-{self._alive}", daemon=True).start()

    def _serve(self) -> None:
        with self._changed:
            while known := self._take():
                self._changed.release()
                try:
                    pause = _run(known)
                finally:
                    self._changed.acquire()
                self._finish(known, pause)
            self._idle -= 1
            self._alive -= 1
            self._changed.notify_all()

    def _take(self) -> _Key | None:
        while not self._stopped:
            if ready := self._ready():
                known = min(ready, key=lambda one: one.due or 0.0)
                known.running, known.due = True, None
                self._idle -= 1
                self._staff()
                return known
            due = self._next_due()
            self._clock.wait(self._changed, None if due is None else max(0.0, due - self._clock.now()))
        return None

    def _finish(self, known: _Key, outcome: float | Exception | None) -> None:
        now = self._clock.now()
        known.running = False
        self._idle += 1
        pause: float | None
        if isinstance(outcome, Exception):
            pause = min(self._first_pause * 2 ** min(known.attempts, MOST_DOUBLINGS), self._longest_pause)
            known.attempts += 1
            known.failure = f"{type(outcome).__name__}: {outcome}"
            trace = outcome if known.attempts == 1 else None
            text = "%s failed (attempt %d): %s; again in %.1f s"
            LOG.warning(text, known.name, known.attempts, known.failure, pause, exc_info=trace)
        else:
            pause, known.attempts, known.failure = outcome, 0, ""
        if known.due is None:  # else it was submitted while it ran
            if pause is None:
                del self._keys[known.name]
            else:
                known.due = now + pause
        self._staff()
        self._changed.notify_all()


def _run(known: _Key) -> float | Exception | None:
    try:
        return known.job()
    except Exception as error:  # noqa: BLE001 - whatever a job meets: it is logged, shown as its failure, and tried again
        return error
