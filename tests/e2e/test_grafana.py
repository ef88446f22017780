"""Grafana, as its users see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e
DASHBOARD = "webapp"


def test_the_viewer_logs_in_and_sees_the_dashboard(stack: Stack) -> None:
    assert stack.grafana("GET", "/api/user", user="viewer").json()["login"] == "viewer"
    answer = stack.grafana("GET", f"/api/dashboards/uid/{DASHBOARD}", user="viewer")
    assert answer.status_code == 200
    assert answer.json()["meta"]["provisioned"]


def test_the_viewer_cannot_edit(stack: Stack) -> None:
    folder = stack.grafana("POST", "/api/folders", user="viewer", json={"title": "mine"})
    assert folder.status_code == 403
    dashboard = {"dashboard": {"title": "mine", "panels": []}, "overwrite": False}
    assert stack.grafana("POST", "/api/dashboards/db", user="viewer", json=dashboard).status_code == 403


def test_the_administrator_may_list_users(stack: Stack) -> None:
    logins = {user["login"] for user in stack.grafana("GET", "/api/users", user="admin").json()}
    assert {"admin", "viewer"} <= logins


def test_the_programs_own_metrics_are_closed(stack: Stack) -> None:
    address = f"https://{stack.address}:{stack.outputs['grafana_port']}/metrics"
    answer = requests.get(address, verify=stack.authority, timeout=10, allow_redirects=False)
    assert answer.status_code in {302, 401, 404}
    assert "grafana_build_info" not in answer.text


def test_nobody_gets_in_without_a_log_in(stack: Stack) -> None:
    address = f"https://{stack.address}:{stack.outputs['grafana_port']}/api/search"
    assert requests.get(address, verify=stack.authority, timeout=10).status_code == 401
    wrong = requests.get(address, auth=("nobody", "wrong"), verify=stack.authority, timeout=10)
    assert wrong.status_code == 401


def test_every_panel_of_the_dashboard_returns_data(stack: Stack) -> None:
    for path in ("/gandalf", "/colombo"):
        stack.page(path)
    dashboard = stack.grafana("GET", f"/api/dashboards/uid/{DASHBOARD}", user="viewer").json()["dashboard"]
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert expressions
    counting = [expression for expression in expressions if "http_requests_total" in expression]
    assert counting
    assert stack.query("sum by (route) (http_requests_total)")
