"""What runs of the local environment, since when, and how well: questions that change nothing, all asked at once."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import engine, paths, ports
from .durations import spoken
from .phases import environment, local_cloud_environment, program

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Answer:
    """What a part says of itself."""

    text: str
    well: bool | None = True
    """None where there is nothing that could be well or ill."""
    ours: bool = True
    """Whether it says that something of the local environment runs."""


NOTHING = Answer("does not run", well=None, ours=False)


def look(seconds: float) -> dict[str, Answer]:
    """Ask each question, with so many seconds for each; a part that can't be asked is not well, and says why."""
    with ThreadPoolExecutor(max_workers=len(QUESTIONS)) as pool:
        asked = {name: pool.submit(_ask, question, seconds) for name, question in QUESTIONS}
    return {name: future.result() for name, future in asked.items()}


def _ask(question: Callable[[float], Answer], seconds: float) -> Answer:
    try:
        return question(seconds)
    except subprocess.TimeoutExpired:
        return Answer(f"no answer within {seconds:.0f} s", well=False)
    except subprocess.CalledProcessError as error:
        said = str(error.stderr or "").strip().splitlines()
        return Answer(f"can't be asked: {said[-1] if said else error}", well=False)
    except (OSError, ValueError, LookupError) as error:
        return Answer(f"can't be asked: {type(error).__name__}: {error}", well=False)


def docker(seconds: float) -> Answer:
    """Ask the Docker engine."""
    if not engine.answers():
        return Answer(f"none answers at {engine.address()}", well=None, ours=False)
    version = _run(["docker", "version", "--format", "{{.Server.Version}}"], seconds).strip()
    ours = engine.started()
    return Answer(f"Docker {version}{f', up {_age(ours)} (started by set-up)' if ours else ''}", ours=bool(ours))


def mirror(seconds: float) -> Answer:
    """Ask the mirror's server."""
    pid = ports.server("MIRROR_PORT")
    if pid is None:
        return NOTHING
    address = f"http://127.0.0.1:{ports.port('MIRROR_PORT')}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{address}/sha256sums.txt", timeout=seconds) as answer:
        files = len(answer.read().splitlines())
    return Answer(f"{address}, up {_age(pid)}, {files} files")


def local_cloud(seconds: float) -> Answer:
    """Ask the local cloud's server, and Docker for its machines."""
    if ports.server("LOCALCLOUD_PORT") is None and not (paths.state() / "localcloud").exists():
        return NOTHING
    text = _run([program("python"), "-m", "localcloud", "status", "--json", "--quick"], seconds)
    status: dict[str, Any] = json.loads(text)
    health, containers = status["server"], status["containers"]
    kinds = Counter(container["kind"] for container in containers if container["state"] == "running")
    running = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    still = [container for container in containers if container["state"] != "running"]
    meant = tuple(health.get("stopped", ()))
    ended = [
        f"{container['name']} is {container['state']}" for container in still if not container["name"].endswith(meant)
    ]
    stopped = f"; stopped by StopInstances: {', '.join(meant)}" if meant else ""
    failing = [f"{key}: {reason}" for key, reason in health["failures"].items()]
    problems = "".join(f"; {problem}" for problem in (*ended, *failing))
    way_out = " (`python -m localcloud up` mends, `logs` tells more)" if problems else ""
    waiting = f"; jobs at work: {len(health['waiting'])}" if health["waiting"] else ""
    return Answer(
        f"{status['endpoint']}, up {spoken(health['uptime_seconds'])}; runs {running or 'no machine'}{stopped}{waiting}{problems}{way_out}",
        well=not problems,
    )


def cluster(seconds: float) -> Answer:
    """Ask the monitoring for nodes, pods, targets and alerts."""
    if ports.server("LOCALCLOUD_PORT") is None:
        return NOTHING
    end = time.monotonic() + seconds
    cloud = local_cloud_environment(seconds)
    found: dict[str, Any] = json.loads(_run([program("python"), "-m", "setup.centre"], end - time.monotonic(), cloud))
    parts = [
        f"{found[f'{part}_{good}']} of {found[part]} {part} {good}"
        for part, good in (("nodes", "ready"), ("pods", "ready"), ("targets", "up"))
    ]
    trouble = [f"down: {', '.join(found['down'])}"] if found["down"] else []
    trouble += [f"firing: {', '.join(found['firing'])} (docs/runbooks.md)"] if found["firing"] else []
    well = not trouble and found["nodes"] == found["nodes_ready"] > 0 and found["pods"] == found["pods_ready"]
    return Answer("; ".join([", ".join(parts), *trouble]), well=well)


def tunnels(seconds: float) -> Answer:
    """Ask the ssh connections that `playbooks/access.yml` leaves open."""
    sockets = [path for path in (paths.state() / paths.LOCAL_ENVIRONMENT).glob("tunnel-*") if path.is_socket()]
    if not sockets:
        return Answer("none is open; `playbooks/access.yml` opens the one for kubectl", well=None, ours=False)
    alive = []
    for tunnel in sockets:
        command = ["ssh", "-S", str(tunnel), "-O", "check", "beacon"]
        alive.append(subprocess.run(command, check=False, capture_output=True, timeout=seconds).returncode == 0)
    return Answer(f"{sum(alive)} of {len(alive)} open", well=all(alive))


# a row is a part of the local environment, and how it is asked
QUESTIONS: tuple[tuple[str, Callable[[float], Answer]], ...] = (
    ("engine", docker),
    ("mirror", mirror),
    ("local cloud", local_cloud),
    ("cluster", cluster),
    ("tunnels", tunnels),
)


def _run(command: list[str], seconds: float, env: dict[str, str] | None = None) -> str:
    answer = subprocess.run(
        command,
        check=True,
        cwd=paths.CHECKOUT,
        env=env or environment(),
        capture_output=True,
        text=True,
        timeout=max(0.1, seconds),
    )
    return answer.stdout


def _age(pid: int) -> str:
    """Return how long a process has been running."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    up = float(Path("/proc/uptime").read_text().split()[0])
    return spoken(up - ticks / os.sysconf("SC_CLK_TCK"))
