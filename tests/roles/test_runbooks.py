"""Each alert has a summary, and a runbook that exists."""

from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
# Watchdog always fires: that is what it is for
RULES = [
    rule
    for path in sorted(CHECKOUT.glob("roles/prometheus/files/rules/*.yml"))
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_tells_what_happened_and_what_to_do(rule: dict[str, dict[str, str]]) -> None:
    assert rule["annotations"]["summary"]
    assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    page, _, heading = rule["annotations"]["runbook"].partition("#")
    headings = [line[3:].lower() for line in (CHECKOUT / page).read_text().splitlines() if line.startswith("## ")]
    assert heading in headings, f"{page} has no section {heading}"


def test_each_alert_is_tested_to_fire_and_not_to_fire() -> None:
    cases = [
        case
        for path in CHECKOUT.glob("roles/prometheus/files/tests/*.test.yml")
        for test in yaml.safe_load(path.read_text())["tests"]
        for case in test.get("alert_rule_test", [])
    ]
    fire = {case["alertname"] for case in cases if case["exp_alerts"]}
    rest = {case["alertname"] for case in cases if not case["exp_alerts"]}
    alerts = {rule["alert"] for rule in RULES}
    assert alerts == fire, "each alert needs a test in which it fires, and each test an alert"
    assert alerts - {"Watchdog"} <= rest, "each alert needs a test in which it does not fire"
