"""Load by wrk, pinned to the other core: as much as the server gives, or as many requests a second as told."""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FULL_CONNECTIONS: Final = 8
# wrk waits whole milliseconds: shorter pauses would not be met, and with longer ones it needs so many connections that
# it asks in bursts of its own, by which the figure is that of wrk (measured: 3.8 ms with 5, 7 with 10, 10 with 20).
MEAN_PAUSE_MS: Final = 5
MEAN_ANSWER_MS: Final = 1
PATIENCE: Final = 30.0
MILLISECONDS: Final = {"us": 0.001, "ms": 1.0, "s": 1000.0}
# Visitors who don't know of each other: each waits for its answer, then a while that is drawn by chance.
PAUSES: Final = "function delay() return math.random(0, {longest}) end\n"


@dataclass(frozen=True, kw_only=True)
class Load:
    """What came back."""

    requests: float
    p99_ms: float


def full(url: str, seconds: int) -> Load:
    """Ask again as soon as an answer came."""
    return _run(url, seconds, connections=FULL_CONNECTIONS)


def paced(url: str, seconds: int, *, rate: float) -> Load:
    """Ask about `rate` times a second."""
    connections = max(1, round(rate * (MEAN_PAUSE_MS + MEAN_ANSWER_MS) / 1000))
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "pauses.lua"
        script.write_text(PAUSES.format(longest=2 * MEAN_PAUSE_MS))
        return _run(url, seconds, connections, "--script", str(script))


def _run(url: str, seconds: int, connections: int, *more: str) -> Load:
    command = ["taskset", "-c", "1", "wrk", "--threads", "1", "--latency", *more]
    command += [f"--connections={connections}", f"--duration={seconds}s", url]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + PATIENCE).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(f"{url} answered errors:\n{text}")
    count = re.search(r"(\d+) requests in", text)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    if count is None or p99 is None:
        raise SystemExit(f"wrk said something unknown:\n{text}")
    return Load(requests=float(count[1]), p99_ms=float(p99[1]) * MILLISECONDS[p99[2]])
