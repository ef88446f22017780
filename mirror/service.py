"""The server in the background: start, stop, look."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from mirror.errors import MirrorError
from mirror.files import write_atomically
from mirror.server import listen, serve, wait_for
from mirror.settings import Settings

START_SECONDS = 20
STOP_SECONDS = 10


def running(settings: Settings) -> int | None:
    """Pid of our server, if it runs: a pid file whose process is another program doesn't count."""
    try:
        pid = int((settings.service / "pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    return pid if b"mirror" in command and b"--foreground" in command else None


def start(settings: Settings) -> str:
    """Start it unless it runs; the answer comes when it serves."""
    where = f"http://{settings.addresses[0]}:{settings.port}/"
    if pid := running(settings):
        return f"already serving on {where} (pid {pid})"
    settings.artefacts.mkdir(parents=True, exist_ok=True)
    settings.service.mkdir(parents=True, exist_ok=True)
    probe = listen(settings.addresses[0], settings.port, settings.artefacts)
    if probe is None:
        raise MirrorError(f"MIRROR_ADDRESSES: this machine has no address {settings.addresses[0]}")
    probe.server_close()
    log = settings.service / "log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "mirror", "serve", "--foreground"],
            cwd=settings.source,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    write_atomically(settings.service / "pid", f"{process.pid}\n")
    if not wait_for(settings.addresses[0], settings.port, seconds=START_SECONDS) or process.poll() is not None:
        process.terminate()
        raise MirrorError(f"the mirror's server did not start within {START_SECONDS} s; its log: {log}")
    return f"serving {settings.artefacts} on {where} (pid {process.pid}, log {log})"


def stop(settings: Settings) -> str:
    """End it and wait until it is gone."""
    pid = running(settings)
    if pid is None:
        (settings.service / "pid").unlink(missing_ok=True)
        return "not running"
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while running(settings) == pid:
        if time.monotonic() > deadline:
            raise MirrorError(f"process {pid} is still there after {STOP_SECONDS} s: kill -9 {pid}")
        _reap(pid)
        time.sleep(0.05)
    (settings.service / "pid").unlink(missing_ok=True)
    return f"stopped (pid {pid})"


def foreground(settings: Settings) -> None:
    """Serve in this process until it is told to end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    serve(settings.addresses, settings.port, settings.artefacts, ended=ended)


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:  # started by another run of this program
        return
