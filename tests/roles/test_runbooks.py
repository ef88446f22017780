"""Each alert has a summary, and a runbook that exists."""

from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
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
    assert rule["labels"]["severity"] in {"warning", "critical"}
    page, _, heading = rule["annotations"]["runbook"].partition("#")
    headings = [line[3:].lower() for line in (CHECKOUT / page).read_text().splitlines() if line.startswith("## ")]
    assert heading in headings, f"{page} has no section {heading}"
