"""Run every contender in turn, each on one core, and print what a core gives: `python -m benchmarks.webapp`.

The figure is requests per second of the server's own processor time: what else the machine does hardly changes it, so the
ratios hold on a busy machine, too. Latencies and starts depend on the machine, so its load is printed beside them.
"""

import argparse
import os
import platform
import sys
from pathlib import Path
from typing import Final

from benchmarks.webapp.measure import PATHS, ROOT, Contender, measure
from benchmarks.webapp.picture import draw
from benchmarks.webapp.report import DEVELOPMENT, FASTAPI, OURS, RAW, goals, table

HERE: Final = Path(__file__).parent
MODULES: Final = "benchmarks.webapp.contenders"


def contenders(python: str) -> list[Contender]:
    """List them; the application is started as its image does."""
    gunicorn = ("-m", "gunicorn", "--worker-class", "gthread", "--threads", "4", "--bind", "127.0.0.1:{port}")
    settings = {
        "WEBAPP_LISTEN_ADDRESS": "127.0.0.1",
        "WEBAPP_HTTP_PORT": "{port}",
        "WEBAPP_METRICS_PORT": "{metrics_port}",
        "WEBAPP_DRAIN_SECONDS": "0",
    }
    return [
        Contender(name=RAW, command=(python, "-m", f"{MODULES}.raw_wsgi", "{port}")),
        Contender(name=OURS, command=(python, "-m", "beacon_webapp"), environment=settings),
        Contender(name=FASTAPI, command=(python, "-m", f"{MODULES}.fastapi_uvicorn", "{port}")),
        Contender(name="Flask, gunicorn (gthread)", command=(python, *gunicorn, f"{MODULES}.plain_flask:app")),
        Contender(name=DEVELOPMENT, command=(python, "-m", f"{MODULES}.plain_flask", "{port}")),
    ]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.webapp", description="Compare servers of the same pages."
    )
    parser.add_argument("--seconds", type=int, default=5, help="load per page and contender, twice (default: 5)")
    parser.add_argument("--python", default=str(ROOT / ".venv-benchmarks/bin/python"), help="has the contenders")
    parser.add_argument("--write", action="store_true", help="keep table and picture in benchmarks/webapp/")
    options = parser.parse_args()
    results, before = [], os.getloadavg()[0]
    for contender in contenders(options.python):
        print(f"{contender.name} …", file=sys.stderr)
        results.append(measure(contender, options.seconds))
    machine = (
        f"{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}; load of the machine "
        f"{before:.1f} before, {os.getloadavg()[0]:.1f} after (of which the benchmark itself makes 2), "
        f"priority {os.getpriority(os.PRIO_PROCESS, 0)}. "
        f"{options.seconds} s a page, at full and at half load.\n"
    )
    text = "\n".join((machine, table(results), goals(results)))
    print(text)
    if options.write:
        (HERE / "RESULTS.md").write_text(f"# Results\n\n{text}\n![Requests per core-second](results.svg)\n")
        bars = [(result.name, [result.per_core[path] for path in PATHS]) for result in results]
        (HERE / "results.svg").write_text(draw("Requests per second of one core", PATHS, bars))


if __name__ == "__main__":
    main()
