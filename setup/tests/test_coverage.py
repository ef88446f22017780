from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from setup import coverage, paths
from setup.phases import PhaseError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "cache", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def write(**missing: int) -> None:
    """Write the report of a run over these modules, each of 100 branches."""
    files = {f"localcloud/{name}.py": {"summary": {"missing_branches": number}} for name, number in missing.items()}
    branches = 100 * len(missing)
    totals = {"num_branches": branches, "covered_branches": branches - sum(missing.values())}
    coverage.report().write_text(json.dumps({"files": files, "totals": totals}))


def test_enough_is_said_with_its_figure(cache: Path) -> None:
    coverage.options()
    write(one=8, two=8)
    assert coverage.check() == ("The tests take 92.0 % of the branches of localcloud/ (184 of 200); 92 % are required.")


def test_too_little_is_refused_with_the_figure_the_limit_and_where_most_is_missing(cache: Path) -> None:
    coverage.options()
    write(whole=0, few=3, many=40, some=9)
    with pytest.raises(PhaseError) as refused:
        coverage.check()
    text = str(refused.value)
    assert text.startswith(
        "The tests take 87.0 % of the branches of localcloud/ (348 of 400); at least 92 % are required. Most are missing in "
        "localcloud/many.py (40), localcloud/some.py (9), localcloud/few.py (3)"
    )
    assert coverage.DETAILS in text


def test_the_report_of_an_earlier_run_does_not_count(cache: Path) -> None:
    coverage.options()
    write(one=0)
    assert f"--cov-report=json:{cache / 'coverage-localcloud.json'}" in coverage.options()
    with pytest.raises(FileNotFoundError):
        coverage.check()


def test_what_is_counted_is_the_local_cloud_without_its_tests() -> None:
    text = (paths.CHECKOUT / coverage.CONFIGURATION).read_text()
    assert "branch = true\nsource = localcloud\n" in text
    assert "*/tests/*" in text
