"""A Flask developer's first commands."""

import os
import subprocess
import sys
from pathlib import Path

import beacon_webapp
import pytest
from beacon_webapp.settings import SettingError

SOURCE = Path(__file__).parents[1] / "src"


def flask(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask", *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", ["beacon_webapp", "beacon_webapp.app"])
def test_flask_finds_the_application(name: str) -> None:
    done = flask("--app", name, "routes")
    assert done.returncode == 0, done.stderr
    assert {"pages.gandalf", "colombo.colombo", "probes.readyz"} <= set(done.stdout.split())
    assert "/panic" not in done.stdout


def test_flask_reads_the_same_variables() -> None:
    assert "/panic" in flask("--app", "beacon_webapp", "routes", WEBAPP_TEST_ENDPOINTS="true").stdout


def test_factory_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBAPP_POD", "webapp-7")
    assert "webapp-7" in beacon_webapp.create_app().test_client().get("/").text
    monkeypatch.setenv("WEBAPP_THREADS", "many")
    with pytest.raises(SettingError, match=r"^WEBAPP_THREADS='many' is not allowed"):
        beacon_webapp.create_app()
