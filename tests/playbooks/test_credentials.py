"""Whose credentials a task works with: the deployer's on the controller, none on remote hosts, and none in Ansible's process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
ENVIRONMENT = "{{ beacon_deployer_environment }}"
# the administrator's; preflight asks what the caller itself may do; upgrade and replace are the deployer where they ask the cluster
AS_THE_CALLER = {"awx", "destroy", "preflight", "provision", "replace", "site", "upgrade"}


def plays() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{file.stem}: {play['name']}", play)
        for file in sorted((CHECKOUT / "playbooks").glob("*.yml"))
        for play in yaml.safe_load(file.read_text())
        if "hosts" in play
    ]


@pytest.mark.parametrize(("name", "play"), plays(), ids=[name for name, _ in plays()])
def test_a_play_on_the_controller_works_as_the_deployer_and_others_have_no_credentials(
    name: str, play: dict[str, Any]
) -> None:
    ours = play["hosts"] == "localhost" and name.partition(":")[0] not in AS_THE_CALLER
    assert play.get("environment") == (ENVIRONMENT if ours else None)


def test_no_lookup_asks_aws_where_the_deployer_works() -> None:
    """A lookup runs in Ansible's own process, which has the caller's credentials, whatever a task's environment says."""
    found = [
        f"{file.relative_to(CHECKOUT)}: {match[0]}"
        for folder in ("playbooks", "roles")
        for file in (CHECKOUT / folder).rglob("*.yml")
        if file.stem not in AS_THE_CALLER
        for match in re.finditer(r"(lookup|query)\('(amazon|community)\.aws\.\w+'", file.read_text())
    ]
    assert found == []


def test_no_secret_is_in_an_environment() -> None:
    """Ansible writes a task's environment into a command line, which everybody on the machine reads."""
    text = (CHECKOUT / "playbooks" / "tasks" / "deployer.yml").read_text()
    told = text[text.index("__deployer_session:\n") : text.index("deployer | Remember until when")]
    assert "sts_creds" not in told
    assert 'AWS_SECRET_ACCESS_KEY: ""' in told
