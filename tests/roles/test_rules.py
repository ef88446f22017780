"""The rules of role prometheus fire when they should, and only then: promtool runs their tests."""

import subprocess
from pathlib import Path

import pytest

from tests.roles.archive import program

FILES = Path(__file__).parents[2] / "roles" / "prometheus" / "files"


@pytest.fixture(scope="session")
def promtool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prometheus' own checker."""
    return program("promtool", tmp_path_factory.mktemp("promtool"))


@pytest.mark.parametrize("tests", sorted((FILES / "tests").glob("*.yml")), ids=lambda path: path.stem)
def test_rules_do_what_their_tests_say(promtool: Path, tests: Path) -> None:
    ran = subprocess.run(
        [promtool, "test", "rules", tests.name],
        check=False,
        cwd=tests.parent,
        text=True,
        capture_output=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("rules", sorted((FILES / "rules").glob("*.yml")), ids=lambda path: path.stem)
def test_each_file_of_rules_has_tests(rules: Path) -> None:
    assert (FILES / "tests" / f"{rules.stem}.test.yml").exists(), f"{rules.name} has no tests in {FILES / 'tests'}"
