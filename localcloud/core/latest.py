"""What jobs learnt last, for requests, which must not wait for it."""

from __future__ import annotations

import threading
import time


class Latest[T]:
    """The last answer by key, each with its time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, T]] = {}

    def put(self, key: str, answer: T) -> None:
        """Keep an answer."""
        with self._lock:
            self._known[key] = (time.monotonic(), answer)

    def get(self, key: str, *, seconds: float = float("inf")) -> T | None:
        """Return the last answer unless it is older than this; None when there is none."""
        with self._lock:
            when, answer = self._known.get(key, (0.0, None))
        return answer if time.monotonic() - when < seconds else None

    def forget(self, key: str | None = None) -> None:
        """Drop an answer, or all."""
        with self._lock:
            if key is None:
                self._known.clear()
            else:
                self._known.pop(key, None)
