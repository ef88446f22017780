"""The web application by itself: `make webapp-test`, `make bench-webapp`."""

from __future__ import annotations

from pathlib import Path

from . import environment as environments
from . import machine, paths, prerequisites
from .phases import PhaseError, Phases, environment, program

# program -> Debian package
BROWSER = {"chromium": "chromium", "chromedriver": "chromium-driver"}
LOAD = {"wrk": "wrk"}
FONTS = Path("/usr/share/fonts/truetype/dejavu")  # the pictures are drawn with these on every machine
BASES = ("python3-builder", "python3-debian13")
BENCHMARKS = paths.CHECKOUT / ".venv-benchmarks"  # apart: what the contenders need, we don't


def need(programs: dict[str, str]) -> None:
    """Have these programs; on Debian as root they are installed. Raises PhaseError that says how to get them."""
    prerequisites.install(programs)
    if missing := list(prerequisites.check_programs(programs)):
        raise PhaseError("; ".join(str(item) for item in missing))


def need_fonts() -> None:
    """Have the fonts of the committed pictures. Raises PhaseError that says how to get them."""
    if FONTS.is_dir():
        return
    if not machine.installs():
        raise PhaseError(f"there is no {FONTS}. Install the package fonts-dejavu-core")
    machine.install("fonts-dejavu-core")


def webapp_test(phases: Phases) -> None:
    """Run all of the application's tests: each branch, a real browser, the image. Raises PhaseError when one fails."""
    need(BROWSER)
    need_fonts()
    pytest = (program("pytest"), "-q", "webapp/tests")
    branches = ("--cov=beacon_webapp", "--cov-branch", "--cov-report=term-missing:skip-covered", "--cov-fail-under=100")
    phases.run("unit", *pytest, *branches, environment=environment(), limit=1200)
    phases.run("browser", *pytest, "-m", "browser", environment=environment(), limit=1200)
    phases.run("bases", program("python"), "-m", "mirror", "images", *BASES, environment=environment(), limit=3000)
    phases.run("image", *pytest, "-m", "docker", environment=environment(), limit=1800)
    print(f"\nThe web application's tests passed:\n{phases.table()}")


def bench_webapp(phases: Phases) -> None:
    """Measure the application beside its contenders; keep the table and the picture. Raises PhaseError if it can't."""
    need(LOAD)
    environments.ensure(prerequisites.python(), "benchmarks/webapp/requirements", BENCHMARKS)
    benchmark = (program("python"), "-m", "benchmarks.webapp", "--write")
    phases.run("benchmark", *benchmark, environment=environment(), limit=1800)
