"""The README names each endpoint, metric and variable, and none that is not there."""

import re
from dataclasses import fields
from pathlib import Path

from beacon_webapp.__main__ import EXIT_BAD_SETTING
from beacon_webapp.endpoints.faults import PANIC_EXIT_CODE
from beacon_webapp.metrics import Metrics
from beacon_webapp.server import EXIT_PORT_TAKEN, EXIT_STOP_TIMED_OUT
from beacon_webapp.settings import Settings
from flask.testing import FlaskClient

WEBAPP = Path(__file__).parents[1]
PACKAGE = WEBAPP / "src/beacon_webapp"
README = (WEBAPP / "README.md").read_text()


def table(heading: str) -> dict[str, list[str]]:
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip().strip("`"): [cell.strip() for cell in row[1:]] for row in rows}


def test_endpoints(fault_client: FlaskClient) -> None:
    assert set(table("Endpoints")) == {rule.rule for rule in fault_client.application.url_map.iter_rules()}


def test_metrics(metrics: Metrics) -> None:
    ours = {"counter": "_total", "info": "_info"}
    metrics.count(method="GET", route="/", status=200, seconds=0.1, trace_id=None)
    labels = {
        family.name + ours.get(family.type, ""): {name for name in family.samples[0].labels if name != "le"}
        for family in metrics.registry.collect()
        if not family.name.startswith("process_")
    }
    told = {name: set(re.findall(r"`(\w+)`", cells[0])) for name, cells in table("Metrics").items()}
    assert told == labels


def test_variables() -> None:
    rows = table("Variables")
    assert list(rows) == [f"WEBAPP_{item.name.upper()}" for item in fields(Settings)]
    for item in fields(Settings):
        default, allowed, meaning = rows[f"WEBAPP_{item.name.upper()}"]
        shown = str(item.default).lower() if isinstance(item.default, bool) else str(item.default)
        assert default == (f"`{shown}`" if shown else "empty")
        assert meaning == item.metadata["meaning"]
        assert allowed.split(", not ")[0] in item.metadata["allowed"]


def test_exit_codes() -> None:
    for code in (EXIT_BAD_SETTING, EXIT_PORT_TAKEN, EXIT_STOP_TIMED_OUT, PANIC_EXIT_CODE):
        assert re.search(rf"(Exit codes:[^.]*|code )\b{code}\b", README), code


def listed_files() -> set[Path]:
    """What the table of key files names; a folder stands for what is in it."""
    section = README.split("\n## Key files\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    names = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    return {folder / name for name in names for folder in (WEBAPP, PACKAGE) if (folder / name).exists()}


def test_key_files() -> None:
    section = README.split("\n## Key files\n")[1].split("\n## ")[0]
    listed = listed_files()
    assert len(listed) == sum(
        len(re.findall("`", line.split("|")[1])) // 2 for line in section.splitlines() if "`" in line
    )
    for file in [*WEBAPP.glob("[!_]*"), *PACKAGE.glob("[!_]*")]:
        known = file in listed or file.name in {"README.md", "src", "py.typed"} or file.name.endswith("_cache")
        assert known, f"README.md lists no {file.relative_to(WEBAPP)}"
