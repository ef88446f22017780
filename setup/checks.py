"""The checks: `make lint`, `make unit`, `make molecule`, `make e2e`; `make test` is all of them around one `make up`."""

from __future__ import annotations

import os
import subprocess
import time

from . import coverage, paths, prerequisites, processes, scenarios
from . import environment as environments
from .down import down
from .files import listed
from .phases import PhaseError, Phases, environment, local_cloud_environment, program
from .up import artefacts, is_up, up, up_with_previous

CHECKOV = paths.CHECKOUT / ".venv-checkov"  # apart: it pins an old boto3
AWX = paths.CHECKOUT / ".venv-awx"  # apart: awx.awx is part of an older distribution only
IN_TEST = ["prometheus", "grafana"]  # of the scenarios, all of which take twenty minutes
WORKERS = ("-n", "3", "--dist", "worksteal")  # the last tests of one are given to those that are done
OLDEST = paths.CHECKOUT / ".venv-oldest"  # apart: the oldest ansible-core that the collection is for
DOCS = paths.CHECKOUT / ".venv-docs"  # apart: the site's theme and its readers need nothing of ours
SUITES_IMAGES = ("registry", "control-plane", "node", "haproxy")
SUITES = ("oci-conformance", "cyclonus", "agnhost", "moto-source")  # the mirror makes them when they are asked for


def gates() -> dict[str, list[str]]:
    """Return each gate's command, by its name."""
    return {
        "ansible-lint": [program("ansible-lint"), "--strict"],  # first: it takes as long as all others
        "ruff": [program("ruff"), "check", "."],
        "ruff-format": [program("ruff"), "format", "--check", "."],
        "mypy": [program("mypy"), *listed("*.py")],
        "import-linter": [program("lint-imports")],
        "yamllint": [program("yamllint"), "--strict", "."],
        "terraform-fmt": ["terraform", "fmt", "-check", "-recursive", "-diff"],
        "checkov": [
            str(CHECKOV / "bin" / "checkov"),
            "--quiet",
            "--compact",
            "--framework",
            "terraform",
            "-d",
            "terraform",
        ],
        "hadolint": [program("hadolint"), *listed("*Dockerfile")],
        "shellcheck": [program("shellcheck"), *shell_scripts()],
        "zizmor": [program("zizmor"), "--offline", "--quiet", ".github"],
        "changelog": [program("antsibull-changelog"), "lint"],
        "gofmt": [
            "bash",
            "-c",
            'wrong=$(gofmt -l -d "$@") && echo "$wrong" && test -z "$wrong"',
            "gofmt",
            *listed("*.go"),
        ],
    }


def shell_scripts() -> list[str]:
    """Return the tracked files that a shell runs, told by their first line."""
    found = []
    for name in listed():
        path = paths.CHECKOUT / name
        # a template is no program before it is filled in
        if path.is_file() and not path.is_symlink() and path.suffix != ".j2":
            with path.open("rb") as file:
                first = file.readline(80)
            if first.startswith(b"#!") and first.strip().endswith((b"sh", b"bash")):
                found.append(name)
    return found


def lint(phases: Phases) -> None:
    """Run every gate, two at a time, also after one failed; end with a line for each.

    Raises PhaseError that names the gates which failed.
    """
    environments.ensure(prerequisites.python(), "requirements-checkov", CHECKOV)

    def passes(gate: tuple[str, list[str]]) -> bool:
        name, command = gate
        log = paths.cache() / "lint" / f"{name}.log"
        return phases.passes(name, *command, environment=environment(), limit=900, log=log)

    with processes.threads(2) as pool:
        results = dict(zip(gates(), pool.map(passes, gates().items()), strict=True))
    print("\nGates:", *(f"  {name:<14} {'ok' if good else 'FAILED'}" for name, good in results.items()), sep="\n")
    failed = [name for name, good in results.items() if not good]
    if failed:
        raise PhaseError(f"lint failed: {', '.join(failed)}")


def unit(phases: Phases) -> None:
    """Run the unit and contract tests, with three workers: on two cores one of them waits, for a process or for a time-out.

    Raises PhaseError when one fails, and when too few branches of the local cloud are taken.
    """
    artefacts(phases)  # promtool, terraform and its provider test what they will read
    # the mirror's caches and its flags: what the images' programs are made of is compiled once
    go = {**environment(), "GOCACHE": str(paths.cache() / "go-build"), "GOMODCACHE": str(paths.cache() / "go-mod")}
    go |= {"GOFLAGS": "-mod=readonly -trimpath", "CGO_ENABLED": "0"}
    phases.run("go", "go", "test", "./...", environment=go, limit=900)
    phases.run("unit", program("pytest"), "-q", *WORKERS, *coverage.options(), environment=environment(), limit=2400)
    print(coverage.check())


def docs(phases: Phases) -> None:
    """Build the documentation site into the cache. Raises PhaseError for any warning, and where a page is missing."""
    environments.ensure(prerequisites.python(), "requirements-docs", DOCS)
    target = paths.cache() / "docs"
    phases.run("docs", program("python"), "-m", "docs.site.build", str(target), environment=environment(), limit=1200)
    print(f"The documentation site: {target / 'index.html'}")


def sanity(phases: Phases) -> None:
    """Run ansible-test's checks on the installed collection. Raises PhaseError when one finds something."""
    environments.ensure(prerequisites.python(), "requirements-oldest", OLDEST)
    tests = [program("pytest"), "-v", "--durations", "5", "-m", "sanity", "tests/collection"]
    phases.run("sanity", *tests, environment=environment(), limit=3600)


def molecule(phases: Phases) -> None:
    """Run each role's scenario, or with MOLECULE_DISTRIBUTION those of hosts. Raises PhaseError that names those which failed, after all have run."""
    environments.ensure(prerequisites.python(), "requirements-awx", AWX)  # scenario controller plays its modules
    run_scenarios(phases, scenarios.names())


def run_scenarios(phases: Phases, chosen: list[str]) -> None:
    """Run these scenarios. Raises PhaseError that names those which failed, after all have run."""
    artefacts(phases)
    if failed := scenarios.run_all(phases, chosen):
        raise PhaseError(f"molecule failed: {', '.join(failed)}")


def e2e(phases: Phases) -> None:
    """Ask of the running stack what the README promises. Raises PhaseError when something isn't so."""
    ask_the_stack(phases, "e2e")


def again(phases: Phases) -> None:
    """Play everything again, kill the server, run the READMEs' commands. Raises PhaseError when something differs."""
    ask_the_stack(phases, "again")


def soak(phases: Phases) -> None:
    """Pause, break and restore the monitoring of the running stack. Raises PhaseError when something is lost or untold."""
    needed = ("thanos", "cosign")
    phases.run("programs", program("python"), "-m", "mirror", "build", *needed, environment=environment(), limit=3000)
    ask_the_stack(phases, "soak")


def day2(phases: Phases) -> None:
    """Do planned work on a stack, and lose parts of it, under requests. Raises PhaseError when too much fails.

    Where none runs, one with the previous version of Kubernetes is brought up, so that there is something to upgrade to.
    """
    if not is_up():
        up_with_previous(phases)
    ask_the_stack(phases, "day2")


def kills(phases: Phases) -> None:
    """Kill the server of a local cloud of its own under playbooks. Raises PhaseError when one does not converge after that."""
    artefacts(phases)
    tests = [program("pytest"), "-v", "-s", "-x", "-m", "kills", "tests/runs"]
    phases.run("kills", *tests, environment=environment(), limit=14400)


def hostile(phases: Phases) -> None:
    """Run `up`, `verify` and `down` as they are called from other people's shells. Raises PhaseError when one fails."""
    tests = [program("pytest"), "-v", "-s", "-m", "hostile", "tests/runs"]
    caller = dict(os.environ)  # as a person's `make` has it
    phases.run("hostile", *tests, environment=caller, limit=14400)


def suites(phases: Phases) -> None:
    """Run other projects' test suites, and keep their results. Raises PhaseError when one fails otherwise than allowed."""
    mirror = (program("python"), "-m", "mirror")
    phases.run("programs", *mirror, "build", *SUITES, environment=environment(), limit=3000)
    phases.run("images", *mirror, "images", *SUITES_IMAGES, environment=environment(), limit=3000)
    phases.run(
        "suites",
        *(program("pytest"), "-v", "--durations", "5", "-m", "suites", "tests/suites"),
        environment=local_cloud_environment(),
        limit=7200,
    )


def permissions(_: Phases) -> None:
    """Record what the running stack's playbooks asked of AWS, and write the policies of terraform/permissions from it.

    Raises subprocess.CalledProcessError where no local cloud has run.
    """
    python = [program("python"), "-m"]
    log = subprocess.run(
        [*python, "localcloud", "access-log", "--json"],
        check=True,
        cwd=paths.CHECKOUT,
        env=environment(),
        stdout=subprocess.PIPE,
        timeout=60,
    )
    subprocess.run([*python, "tests.contracts.calls"], check=True, cwd=paths.CHECKOUT, input=log.stdout, timeout=60)


def ask_the_stack(phases: Phases, marker: str) -> None:
    """Run the end-to-end tests with this marker."""
    tests = [program("pytest"), "-v", "--durations", "5", "-m", marker, "tests/e2e"]
    phases.run(marker, *tests, environment=local_cloud_environment(), limit=7200)


def awx_test(phases: Phases) -> None:
    """Apply awx/ to a double, build the image of its jobs, launch each job against the running stack.

    Raises PhaseError when something isn't so, and where no stack runs.
    """
    environments.ensure(prerequisites.python(), "requirements-awx", AWX)
    phases.run("image", program("python"), "-m", "awx.image", environment=environment(), limit=2400)
    phases.run("awx", program("pytest"), "-v", "-m", "awx", "tests/awx", environment=environment(), limit=5400)
    print(f"\nAWX:\n{phases.table()}")


def test(phases: Phases) -> None:
    """Run everything, and leave nothing behind, also when something fails."""
    started = time.monotonic()
    try:
        lint(phases)
        unit(phases)
        up(phases)
        e2e(phases)
        again(phases)
        ask_the_stack(phases, "day2 and smoke")
        run_scenarios(phases, IN_TEST)
    finally:
        down(phases)
    phases.run("left-overs", program("pytest"), "-q", "-m", "leftovers", "tests/leftovers", environment=environment())
    print(f"\nAll checks passed in {(time.monotonic() - started) / 60:.1f} min:\n{phases.table()}")
