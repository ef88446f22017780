"""One contender: started, loaded page by page, stopped."""

import os
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.webapp import wrk
from benchmarks.webapp.processes import processor_seconds, resident_mib

ROOT: Final = Path(__file__).parents[2]
PATHS: Final = ("/gandalf", "/colombo")
STARTS: Final = 5
PATIENCE: Final = 30.0


@dataclass(frozen=True, kw_only=True)
class Contender:
    """How one is started; `{port}` is filled in."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one contender gave; by path where it is a dictionary."""

    name: str
    per_core: dict[str, float]
    half_rate: dict[str, float]
    half_p99_ms: dict[str, float]
    resident_mib: float
    ready_seconds: float
    ready_processor_seconds: float


def free_ports() -> tuple[int, int]:
    """Find two ports that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        return int(one.getsockname()[1]), int(two.getsockname()[1])


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> float:
    """Ask until it answers; return the seconds that took."""
    begin = time.monotonic()
    while time.monotonic() - begin < PATIENCE and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - http on this machine
                return time.monotonic() - begin
        except (urllib.error.URLError, OSError):
            time.sleep(0.005)
    raise SystemExit(f"{url} does not answer; is .venv-benchmarks made? (benchmarks/webapp/README.md)")


@contextmanager
def running(contender: Contender) -> Iterator[tuple[str, int, float]]:
    """Run a contender on the first core; hand over its address, process id and seconds until it answered."""
    port, metrics_port = free_ports()
    values = {"port": str(port), "metrics_port": str(metrics_port)}
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'webapp/src'}:{ROOT}",
        **{name: value.format(**values) for name, value in contender.environment.items()},
    }
    command = ["taskset", "-c", "0", *(part.format(**values) for part in contender.command)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=ROOT)
        try:
            address = f"http://127.0.0.1:{port}"
            yield address, process.pid, wait_until_ready(f"{address}{PATHS[0]}", process)
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def start(contender: Contender) -> tuple[float, float]:
    """Start it some times; return the middle of the seconds until it answered, and of those that it had a processor."""
    seconds, worked = [], []
    for _ in range(STARTS):
        with running(contender) as (_, pid, ready):
            seconds.append(ready)
            worked.append(processor_seconds(pid))
    return statistics.median(seconds), statistics.median(worked)


def measure(contender: Contender, seconds: int) -> Result:
    """Load it path by path: as much as it gives, then half of that."""
    per_core, half_rate, half_p99 = {}, {}, {}
    ready, worked = start(contender)
    with running(contender) as (address, pid, _):
        for path in PATHS:
            wrk.full(address + path, 1)
            before = processor_seconds(pid)
            most = wrk.full(address + path, seconds)
            per_core[path] = most.requests / (processor_seconds(pid) - before)
            half = wrk.paced(address + path, seconds, rate=most.requests / seconds / 2)
            half_rate[path], half_p99[path] = half.requests / seconds, half.p99_ms
        resident = resident_mib(pid)
    return Result(
        name=contender.name,
        per_core=per_core,
        half_rate=half_rate,
        half_p99_ms=half_p99,
        resident_mib=resident,
        ready_seconds=ready,
        ready_processor_seconds=worked,
    )
