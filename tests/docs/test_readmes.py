"""What the READMEs tell people to type exists."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import yaml

from plugins.module_utils._preflight_cost import DAY, Sizes, cost
from tests.docs.commands import CHECKOUT, commands
from tests.docs.promises import folders

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTED = folders(CHECKOUT)


@pytest.mark.parametrize("folder", DOCUMENTED)
def test_documented_commands_name_what_exists(folder: str) -> None:
    """Each word that looks like a path of ours is one; each make target, module and playbook exists."""
    targets = set(re.findall(r"^([a-z0-9-]+):.*##", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    for line in commands(CHECKOUT / folder / "README.md"):
        words = shlex.split(line, comments=True)
        for program, before, word in zip(["", "", *words], ["", *words], words, strict=False):
            if before == "make":
                assert word in targets, f"{folder}: `{line}`: no target {word}"
            if before == "-m" and "python" in program:  # pytest has an -m of its own
                places = [CHECKOUT, CHECKOUT / "webapp/src"]
                paths = [place / word.replace(".", "/") for place in places]
                found = any(path.exists() or path.with_suffix(".py").exists() for path in paths)
                assert found or word in {"pytest", "mypy"}, f"{folder}: `{line}`: no module {word}"
            if re.fullmatch(r"(playbooks|roles|tests|terraform|inventories)/[\w/.-]+", word):
                assert (CHECKOUT / word).exists(), f"{folder}: `{line}`: no {word}"


def test_parameters_that_the_readme_names_are_those_of_terraform() -> None:
    made = re.findall(r'"\$\{local\.parameter_path\}/([a-z-]+)"', (CHECKOUT / "terraform/parameters.tf").read_text())
    named = re.findall(r"--name /beacon/local/(\S+)", (CHECKOUT / "README.md").read_text())
    assert named
    assert set(named) <= set(made)


def test_the_cost_that_the_readme_names_is_that_of_the_accounts_inventory() -> None:
    prices = yaml.safe_load((CHECKOUT / "roles/preflight/files/prices.yml").read_text())
    sizes = yaml.safe_load((CHECKOUT / "inventories/sample/group_vars/all/infrastructure.yml").read_text())
    fixed = yaml.safe_load((CHECKOUT / "roles/preflight/vars/main.yml").read_text())
    nodes = sizes["infrastructure_node_count"]["desired"]
    hosts = [sizes["infrastructure_ops_instance_type"], sizes["infrastructure_monitoring_instance_type"]]
    nats = 1 if sizes["infrastructure_single_nat_gateway"] else len(sizes["infrastructure_private_subnets"])
    lines = cost(
        prices,
        Sizes(
            instances=Counter(hosts) + Counter({sizes["infrastructure_node_instance_type"]: nodes}),
            nat_gateways=nats,
            addresses=nats + len(sizes["infrastructure_private_subnets"]) + 1,
            volumes_gib=fixed["__preflight_ops_volume_gib"]
            + sizes["infrastructure_monitoring_volume_gib"]
            + sizes["infrastructure_monitoring_data_volume_gib"]
            + fixed["__preflight_node_volume_gib"] * nodes,
            kms_keys=fixed["__preflight_kms_keys"],
        ),
        region="eu-west-1",
    )
    month = sum(line.month or 0 for line in lines)
    assert f"{month * DAY:.0f} US dollars a day, {month:.0f} a month" in (CHECKOUT / "README.md").read_text()


def test_commands_are_the_lines_of_shell_blocks_and_indented_ones(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(
        "# A\n    before\n## Essential commands\nIn a role:\n\n```yaml\n- name: A task\n```\nText between.\n```sh\n"
        "# a comment\nmake up \\\n  FAST=1\n```\nAnd:\n\n    make down\n\n## Key files\n    after\n"
    )
    assert commands(readme) == ["make up    FAST=1", "make down"]
