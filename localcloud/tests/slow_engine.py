"""A Docker engine that can be made to hang: a proxy in front of the real one's socket, which holds its answers."""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REAL = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
PIECE = 65536


class SlowEngine(socketserver.ThreadingUnixStreamServer):
    """Passes everything on; while `going` is not set, no answer."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        self.host = f"unix://{path}"
        self.going = Event()
        self.going.set()
        super().__init__(str(path), _Connection)


class _Connection(socketserver.BaseRequestHandler):
    server: SlowEngine

    def handle(self) -> None:
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(REAL)
            questions = Thread(target=self._pass, args=(self.request, engine), daemon=True)
            questions.start()
            self._pass(engine, self.request, going=self.server.going)
            questions.join()

    def _pass(self, source: socket.socket, sink: socket.socket, *, going: Event | None = None) -> None:
        with contextlib.suppress(OSError):  # either side may leave at any time
            while data := source.recv(PIECE):
                if going is not None:
                    going.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def slow_engine(path: Path) -> Iterator[SlowEngine]:
    """Serve until the end of the block."""
    with SlowEngine(path) as engine:
        thread = Thread(target=engine.serve_forever, daemon=True)
        thread.start()
        try:
            yield engine
        finally:
            engine.going.set()
            engine.shutdown()
            thread.join(5)
