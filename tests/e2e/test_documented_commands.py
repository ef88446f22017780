"""What the READMEs tell people to type works, with the stack up."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.docs.commands import CHECKOUT, commands, tracked

if TYPE_CHECKING:
    from tests.e2e.stack import Stack

pytestmark = pytest.mark.again
# a command is left out only for a reason; each of these is run elsewhere, as the reason says
LEFT_OUT = {
    r"^(\w+=\S+ )*make |-m setup (lint|e2e|again|soak|kills|suites|test|up|down|molecule)": "the verbs of make: `make test` is made of them",
    r"pytest|\bgo (test|vet)|-m setup (unit|[a-z]+-test)": "tests: `make unit` and its neighbours run them",
    r"bin/(ansible-lint|checkov|mypy|ruff)": "gates: `make lint` runs them, on everything",
    r"molecule (test|converge|verify|destroy|login)|docker exec": "scenarios: `make molecule` runs them",
    r"mirror (build|stop)|localcloud (up|down|stop)|-m mirror$": "would take the running stack away, or make it: `make up`, `make down`",
    r"venv-awx|awx\.(image|double)": "AWX's side: `make awx-test` runs them",
    r"inventories/(production|sample)|AWS_PROFILE": "needs an AWS account",
    r"playbooks/(site|destroy|provision|build|cluster|deploy|monitor|verify|backup|restore)": "the verbs: the other end-to-end tests play them",
    r"terraform .*(init|apply|destroy|test)": "role infrastructure runs them",
    r"tests\.e2e\.pictures": "takes pictures that a person looks at, and needs a browser",
    r"benchmarks?|uv pip|logs .*(-f|--follow)|python -m beacon_webapp|beacon_webapp run": "runs until it is stopped, or measures",
    r"[…<>]|[A-Z]{4,}(?!_)\b(?!=)": "has a place to be filled in",
}
# what stands in several places is run once, under the name of the last
PLACES = {
    line.partition(" #")[0].strip(): f"{readme.parent.relative_to(CHECKOUT)}: {line[:60]}"
    for readme in tracked("*README.md")
    for line in commands(readme)
}
LINES = [
    pytest.param(line, id=place)
    for line, place in PLACES.items()
    if not any(re.search(pattern, line) for pattern in LEFT_OUT)
]


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("line", LINES)
def test_a_documented_command_works(line: str) -> None:
    path = f"{CHECKOUT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "-ec", line]
    answer = subprocess.run(
        command,
        cwd=CHECKOUT,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": path},
    )
    assert answer.returncode == 0, f"`{line}`\n{answer.stdout[-2000:]}{answer.stderr[-2000:]}"


def test_enough_commands_are_run(stack: Stack) -> None:
    assert stack.outputs
    assert len(LINES) >= 10
