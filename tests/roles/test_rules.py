"""The rules of role prometheus fire when they should, and only then: promtool runs their tests."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

FILES = Path(__file__).parents[2] / "roles" / "prometheus" / "files"


@pytest.fixture(scope="session")
def promtool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PATH's promtool, or the one of the archive that the mirror serves."""
    found = shutil.which("promtool")
    if found:
        return Path(found)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = Path(os.environ.get("BEACON_CACHE") or home / "beacon")
    archives = sorted(cache.glob("artefacts/prometheus-*.tar.gz"))
    if not archives:
        pytest.skip("no promtool: `python -m mirror build prometheus` makes it")
    folder = tmp_path_factory.mktemp("promtool")
    with tarfile.open(archives[-1]) as archive:
        name = next(member for member in archive.getnames() if member.endswith("/promtool"))
        archive.extract(name, folder, filter="data")
    return folder / name


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
