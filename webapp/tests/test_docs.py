"""The README names each endpoint, metric and variable, and none that is not there."""

import re
from dataclasses import fields
from pathlib import Path

from beacon_webapp.metrics import Metrics
from beacon_webapp.settings import Settings
from flask.testing import FlaskClient

README = (Path(__file__).parents[1] / "README.md").read_text()


def table(heading: str) -> dict[str, list[str]]:
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip().strip("`"): [cell.strip() for cell in row[1:]] for row in rows}


def test_endpoints(fault_client: FlaskClient) -> None:
    assert set(table("Endpoints")) == {rule.rule for rule in fault_client.application.url_map.iter_rules()}


def test_metrics(metrics: Metrics) -> None:
    ours = {"counter": "_total", "info": "_info"}
    names = {
        family.name + ours.get(family.type, "")
        for family in metrics.registry.collect()
        if not family.name.startswith("process_")
    }
    assert set(table("Metrics")) == names


def test_variables() -> None:
    rows = table("Variables")
    assert list(rows) == [f"WEBAPP_{item.name.upper()}" for item in fields(Settings)]
    for item in fields(Settings):
        default, _, meaning = rows[f"WEBAPP_{item.name.upper()}"]
        shown = str(item.default).lower() if isinstance(item.default, bool) else str(item.default)
        assert default == (f"`{shown}`" if shown else "empty")
        assert meaning == item.metadata["meaning"]


def test_key_files_exist() -> None:
    section = README.split("\n## Key files\n")[1].split("\n## ")[0]
    for line in section.splitlines():
        if line.startswith("| `"):
            folder = Path(__file__).parents[1]
            for name in re.findall(r"`([^`]+)`", line.split("|")[1]):
                assert (folder / name).exists() or (folder / "src/beacon_webapp" / name).exists(), name
