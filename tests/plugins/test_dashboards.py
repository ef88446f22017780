"""Every target of every panel is asked, and what comes back is counted by panel."""

from plugins.filter.dashboards import panel_points, panel_queries

SOURCE = {"type": "prometheus", "uid": "prometheus"}
DASHBOARD = {
    "panels": [
        {"id": 1, "title": "Now", "datasource": SOURCE, "targets": [{"refId": "A", "expr": "up", "instant": True}]},
        {"id": 2, "title": "Lines", "targets": [{"refId": ref, "expr": ref, "datasource": SOURCE} for ref in "AB"]},
        {"id": 3, "title": "Words"},
    ],
}


def frames(*columns: list[float | None]) -> dict[str, object]:
    return {"frames": [{"data": {"values": [[1, 2], column]}} for column in columns]}


def test_every_target_is_asked_as_its_panel_does() -> None:
    queries = panel_queries(DASHBOARD)
    assert [query["refId"] for query in queries] == ["1A", "2A", "2B"]
    assert [(query["instant"], query["range"]) for query in queries] == [(True, False), (False, True), (False, True)]
    assert all(query["datasource"] == SOURCE for query in queries)


def test_values_are_counted_by_panel() -> None:
    results = {"1A": frames([1]), "2A": frames([1, None], [3, 4]), "2B": {"frames": [{"data": {"values": []}}]}}
    assert panel_points(DASHBOARD, results) == [
        {"title": "Now", "points": 1, "errors": []},
        {"title": "Lines", "points": 3, "errors": []},
    ]


def test_an_empty_panel_and_an_error_show() -> None:
    results = {"2A": {"error": "parse error", "frames": []}}
    assert panel_points(DASHBOARD, results) == [
        {"title": "Now", "points": 0, "errors": []},
        {"title": "Lines", "points": 0, "errors": ["parse error"]},
    ]
