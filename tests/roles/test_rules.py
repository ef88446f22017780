"""The rules of role prometheus fire when they should, and only then: promtool runs their tests."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.roles.archive import program

ROOT = Path(__file__).parents[2]
FILES = ROOT / "roles" / "prometheus" / "files"


@pytest.fixture(scope="session")
def promtool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prometheus' own checker."""
    return program("promtool", tmp_path_factory.mktemp("promtool"))


def check(promtool: Path, tests: Path) -> None:
    """Run promtool's tests of a file."""
    command = [str(promtool), "test", "rules", tests.name]
    ran = subprocess.run(command, check=False, cwd=tests.parent, text=True, capture_output=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("tests", sorted((FILES / "tests").glob("*.yml")), ids=lambda path: path.stem)
def test_rules_do_what_their_tests_say(promtool: Path, tests: Path) -> None:
    check(promtool, tests)


def test_verify_counts_pods_that_are_scraped(promtool: Path, tmp_path: Path) -> None:
    """A pod that went together with the agent has no mark of its end; Prometheus returns its last sample for five minutes."""
    query = yaml.safe_load((ROOT / "playbooks" / "verify.yml").read_text())[1]["vars"]["__verify_counters"]
    series = {
        'http_requests_total{route="/a", pod="gone"}': "7+0x12 _x48",
        'http_requests_total{route="/a", pod="new"}': "_x30 2+0x30",
    }
    asked = {"expr": query, "eval_time": "5m", "exp_samples": [{"labels": '{route="/a"}', "value": 2}]}
    inputs = [{"series": name, "values": values} for name, values in series.items()]
    test = {"interval": "10s", "input_series": inputs, "promql_expr_test": [asked]}
    (tmp_path / "counters.yml").write_text(yaml.safe_dump({"tests": [test]}))
    check(promtool, tmp_path / "counters.yml")


@pytest.mark.parametrize("rules", sorted((FILES / "rules").glob("*.yml")), ids=lambda path: path.stem)
def test_each_file_of_rules_has_tests(rules: Path) -> None:
    assert (FILES / "tests" / f"{rules.stem}.test.yml").exists(), f"{rules.name} has no tests in {FILES / 'tests'}"
