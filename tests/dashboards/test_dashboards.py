"""The dashboards as code: current, complete, and asking only for what there is."""

from __future__ import annotations

import json

import pytest

from roles.grafana.dashboards.__main__ import BOARDS, TARGET, main, rendered

PANELS = [
    pytest.param(panel, id=f"{name}: {panel['title']}")
    for name, text in rendered().items()
    for panel in json.loads(text)["panels"]
]


def test_the_committed_files_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().out


def test_each_dashboard_has_its_file() -> None:
    assert len(list(TARGET.glob("*.json"))) == len(BOARDS)


@pytest.mark.parametrize("panel", PANELS)
def test_each_panel_has_unit_description_and_queries(panel: dict[str, object]) -> None:
    assert panel["description"]
    assert json.loads(json.dumps(panel))["fieldConfig"]["defaults"]["unit"]
    targets = json.loads(json.dumps(panel))["targets"]
    assert targets
    assert all(target["expr"] and target["datasource"]["uid"] == "prometheus" for target in targets)


def test_the_first_panel_counts_the_requests_of_each_endpoint() -> None:
    first = json.loads(rendered()["webapp.json"])["panels"][0]
    assert first["title"] == "Requests per endpoint"
    assert first["targets"][0]["expr"] == "sum by (route) (http_requests_total)"
