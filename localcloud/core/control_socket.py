"""How commands reach the server: a Unix socket in the state directory that only its owner may open; a word, a line of JSON.

The address of a Unix socket has room for 107 bytes, so the directory is opened, and the socket named through it (proc(5)).
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import socketserver
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

NAME = "control.sock"
LONGEST_WORD = 100
SECONDS = 5.0


class ControlServer(socketserver.ThreadingUnixStreamServer):
    """Answers each word by its action. Only for the state's owner: a socket that is there already is a dead one's."""

    daemon_threads = True

    def __init__(self, state: Path, actions: Mapping[str, Callable[[], dict[str, Any]]]) -> None:
        self.actions = actions
        super().__init__("", _Handler, bind_and_activate=False)
        os.fchmod(self.fileno(), 0o600)  # before it has a name: nobody can be quicker
        (state / NAME).unlink(missing_ok=True)
        with _address(state) as self.server_address:
            self.server_bind()
        self.server_activate()


class _Handler(socketserver.StreamRequestHandler):
    server: ControlServer
    timeout = SECONDS

    def handle(self) -> None:
        word = self.rfile.readline(LONGEST_WORD).decode(errors="replace").strip()
        if not word:  # `process` says nothing
            return
        action = self.server.actions.get(word)
        answer = (
            action() if action else {"error": f"{word!r} is invalid now: {', '.join(sorted(self.server.actions))}."}
        )
        self.wfile.write(json.dumps(answer).encode() + b"\n")


def ask(state: Path, word: str, *, seconds: float = SECONDS) -> dict[str, Any]:
    """Return the server's answer. Raises OSError when none listens, ValueError when it fails."""
    with _connection(state, seconds) as connection:
        connection.sendall(f"{word}\n".encode())
        with connection.makefile() as lines:
            answer: dict[str, Any] = json.loads(lines.readline())
    if "error" in answer:
        raise ValueError(answer["error"])
    return answer


def process(state: Path) -> int:
    """Return a file descriptor of the process that listens (pidfd_open(2)). Raises OSError when none does."""
    with _connection(state, SECONDS) as connection:
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid: int = struct.unpack("3i", credentials)[0]
        return os.pidfd_open(pid)


@contextlib.contextmanager
def _connection(state: Path, seconds: float) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        with _address(state) as address:
            connection.connect(address)
        yield connection


@contextlib.contextmanager
def _address(state: Path) -> Iterator[str]:
    directory = os.open(state, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{NAME}"
    finally:
        os.close(directory)
