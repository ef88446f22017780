"""Write the dashboards, or say by the exit status whether they are current: `python -m roles.grafana.dashboards [--check]`."""

from __future__ import annotations

import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from . import cluster, hosts, pipeline, webapp

TARGET = Path(__file__).resolve().parents[1] / "files" / "dashboards"
BOARDS = (webapp, cluster, hosts, pipeline)


def rendered() -> dict[str, str]:
    """Return each file's name and text."""
    made = [module.make().build() for module in BOARDS]
    return {f"{board.uid}.json": JSONEncoder(sort_keys=True, indent=2).encode(board) + "\n" for board in made}


def main(arguments: list[str]) -> int:
    """Write or compare."""
    wanted = rendered()
    TARGET.mkdir(parents=True, exist_ok=True)
    found = {file.name: file.read_text() for file in TARGET.glob("*.json")}
    if arguments == ["--check"]:
        stale = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        if stale:
            print(f"Not current: {', '.join(stale)}. Run python -m roles.grafana.dashboards and commit the files.")
        return bool(stale)
    for name in found.keys() - wanted.keys():
        (TARGET / name).unlink()
    for name, text in wanted.items():
        (TARGET / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
