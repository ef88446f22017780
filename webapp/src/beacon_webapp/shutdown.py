"""What the process is doing: serving, or draining before its end."""

import threading


class ShutdownState:
    """One flag, set once by the signal handler and read by each probe and request."""

    def __init__(self) -> None:
        self._draining = threading.Event()

    @property
    def draining(self) -> bool:
        """Tell whether the end has begun."""
        return self._draining.is_set()

    def drain(self) -> None:
        """From now on /readyz answers 503 and each answer closes its connection."""
        self._draining.set()
