"""Run every contender in turn, each on one core, and print what a core gives: `python -m benchmarks.webapp`.

The figure is requests per second of the server's own processor time: what else the machine does hardly changes it, so the
ratios hold on a busy machine, too. Latencies and the wall clock's rate are printed beside it.
"""

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.webapp.picture import draw

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
PATHS: Final = ("/gandalf", "/colombo")
CONNECTIONS: Final = 8
PATIENCE: Final = 30.0
TICKS: Final = os.sysconf("SC_CLK_TCK")
OURS: Final = "Beacon's app (Flask, granian)"


@dataclass(frozen=True, kw_only=True)
class Contender:
    """How one is started; `{port}` is filled in."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one contender gave."""

    name: str
    per_core: dict[str, float]
    per_second: dict[str, float]
    p99_ms: dict[str, float]
    resident_mib: float
    ready_seconds: float


def contenders(python: str) -> list[Contender]:
    """List them; the application is started as its image does."""
    gunicorn = ("-m", "gunicorn", "--worker-class", "gthread", "--threads", "4", "--bind", "127.0.0.1:{port}")
    return [
        Contender(
            name="raw WSGI function on granian",
            command=(python, "-m", "benchmarks.webapp.contenders.raw_wsgi", "{port}"),
        ),
        Contender(
            name=OURS,
            command=(python, "-m", "beacon_webapp"),
            environment={
                "WEBAPP_LISTEN_ADDRESS": "127.0.0.1",
                "WEBAPP_HTTP_PORT": "{port}",
                "WEBAPP_METRICS_PORT": "{metrics_port}",
                "WEBAPP_DRAIN_SECONDS": "0",
            },
        ),
        Contender(
            name="FastAPI, uvicorn", command=(python, "-m", "benchmarks.webapp.contenders.fastapi_uvicorn", "{port}")
        ),
        Contender(
            name="Flask, gunicorn (gthread)",
            command=(python, *gunicorn, "benchmarks.webapp.contenders.plain_flask:app"),
        ),
        Contender(
            name="Flask's development server",
            command=(python, "-m", "benchmarks.webapp.contenders.plain_flask", "{port}"),
        ),
    ]


def free_ports() -> tuple[int, int]:
    """Find two ports that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        return int(one.getsockname()[1]), int(two.getsockname()[1])


def processes(root: int) -> list[int]:
    """List a process and its descendants."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it ended meanwhile
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, ahead = [], [root]
    while ahead:
        found.append(ahead.pop())
        ahead += children.get(found[-1], [])
    return found


def processor_seconds(root: int) -> float:
    """Add up user and system time."""
    total = 0
    for pid in processes(root):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident_mib(root: int) -> float:
    """Add up resident memory."""
    text = "".join(Path(f"/proc/{pid}/status").read_text() for pid in processes(root))
    return sum(int(size) for size in re.findall(r"VmRSS:\s+(\d+)", text)) / 1024


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> float:
    """Ask until it answers; return the seconds that took."""
    begin = time.monotonic()
    while time.monotonic() - begin < PATIENCE and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - http on this machine
                return time.monotonic() - begin
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise SystemExit(f"{url} does not answer; is .venv-benchmarks made? (benchmarks/webapp/README.md)")


def load(url: str, seconds: int) -> tuple[float, float]:
    """Ask for `seconds` by wrk on the other core; return requests and the 99th percentile in milliseconds."""
    command = [
        "taskset",
        "-c",
        "1",
        "wrk",
        "--threads",
        "1",
        f"--connections={CONNECTIONS}",
        f"--duration={seconds}s",
        "--latency",
        url,
    ]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + PATIENCE).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(f"{url} answered errors:\n{text}")
    count = re.search(r"(\d+) requests in", text)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    if count is None or p99 is None:
        raise SystemExit(f"wrk said something unknown:\n{text}")
    return float(count[1]), float(p99[1]) * {"us": 0.001, "ms": 1, "s": 1000}[p99[2]]


def measure(contender: Contender, seconds: int) -> Result:
    """Start one, load it path by path, stop it."""
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
            ready = wait_until_ready(f"http://127.0.0.1:{port}/gandalf", process)
            per_core, per_second, p99 = {}, {}, {}
            for path in PATHS:
                load(f"http://127.0.0.1:{port}{path}", 1)
                before = processor_seconds(process.pid)
                requests, p99[path] = load(f"http://127.0.0.1:{port}{path}", seconds)
                per_core[path] = requests / (processor_seconds(process.pid) - before)
                per_second[path] = requests / seconds
            resident = resident_mib(process.pid)
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    return Result(
        name=contender.name,
        per_core=per_core,
        per_second=per_second,
        p99_ms=p99,
        resident_mib=resident,
        ready_seconds=ready,
    )


def table(results: list[Result]) -> str:
    """Lay the results out as Markdown."""
    lines = [
        "| contender | /gandalf per core-second | /colombo per core-second | p99 at full load (ms) | resident (MiB) | ready (s) |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for result in results:
        p99 = " / ".join(f"{result.p99_ms[path]:.1f}" for path in PATHS)
        rates = " | ".join(f"{result.per_core[path]:,.0f}" for path in PATHS)
        lines.append(f"| {result.name} | {rates} | {p99} | {result.resident_mib:.0f} | {result.ready_seconds:.2f} |")
    ours = next(result for result in results if result.name == OURS)
    lines.append("")
    for other in results:
        if other is not ours:
            ratios = " and ".join(f"{ours.per_core[path] / other.per_core[path]:.1f}" for path in PATHS)
            lines.append(f"- {OURS} gives {ratios} times what {other.name} gives ({' and '.join(PATHS)}).")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.webapp", description="Compare servers of the same pages."
    )
    parser.add_argument("--seconds", type=int, default=5, help="load per page and contender (default: 5)")
    parser.add_argument("--python", default=str(ROOT / ".venv-benchmarks/bin/python"), help="has the contenders")
    parser.add_argument("--write", action="store_true", help="keep table and picture in benchmarks/webapp/")
    options = parser.parse_args()
    results = []
    for contender in contenders(options.python):
        print(f"{contender.name} …", file=sys.stderr)
        results.append(measure(contender, options.seconds))
    text = table(results)
    print(text)
    if options.write:
        (HERE / "RESULTS.md").write_text("# Results\n\n" + text + "\n![Requests per core-second](results.svg)\n")
        bars = [(result.name, result.per_core["/gandalf"]) for result in results]
        (HERE / "results.svg").write_text(draw("/gandalf: requests per second of one core", bars))


if __name__ == "__main__":
    main()
