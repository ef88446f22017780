"""Each role keeps what roles promise; and it is noticed when something is taken away."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.roles import contracts
from tests.roles.contracts import CONTRACTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHECKOUT = contracts.CHECKOUT


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
def test_a_contract_is_kept(contract: Callable[[Path], Iterator[str]]) -> None:
    assert list(contract(CHECKOUT)) == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Give a copy of a role, and of one of hosts, with their scenarios."""
    for name in ("roles/rollout", "molecule/rollout", "roles/ssh_access", "molecule/ssh_access", "meta"):
        shutil.copytree(CHECKOUT / name, tmp_path / name)
    assert [sentence for contract in CONTRACTS for sentence in contract(tmp_path)] == []
    return tmp_path


@pytest.mark.parametrize(
    ("file", "pattern", "instead", "contract", "answer"),
    [
        (
            "roles/rollout/meta/argument_specs.yml",
            "rollout_undo:",
            "undo:",
            contracts.inputs_carry_their_role,
            "rollout: undo must begin with rollout_",
        ),
        (
            "roles/rollout/meta/argument_specs.yml",
            r"      rollout_undo:\n(?:        .*\n)+",
            "",
            contracts.defaults_equal_the_contract,
            "rollout: rollout_undo has a default that meta/argument_specs.yml does not tell",
        ),
        (
            "roles/rollout/defaults/main.yml",
            "rollout_undo: .*\n",
            "",
            contracts.defaults_equal_the_contract,
            "rollout: rollout_undo has a default in meta/argument_specs.yml but none in defaults/main.yml",
        ),
        (
            "roles/rollout/defaults/main.yml",
            "rollout_timeout: 180",
            "rollout_timeout: 10",
            contracts.defaults_equal_the_contract,
            "rollout: rollout_timeout is 180 in the contract, 10 in the defaults",
        ),
        (
            "roles/rollout/defaults/main.yml",
            "# rollout_name:\n",
            "",
            contracts.inputs_without_a_default_are_named,
            "rollout: rollout_name has no default: name it in defaults/main.yml as a comment `# rollout_name:`",
        ),
        (
            "roles/rollout/meta/argument_specs.yml",
            "        description: Seconds to wait.\n",
            "",
            contracts.inputs_are_described,
            "rollout: rollout_timeout needs a description and a type",
        ),
        (
            "roles/rollout/README.md",
            "## Rationale",
            "",
            contracts.readmes_are_written_from_the_contract,
            "roles/rollout/README.md lacks the part Rationale",
        ),
        (
            "roles/rollout/README.md",
            "## Example\n```yaml",
            "## Example\n```",
            contracts.readmes_are_written_from_the_contract,
            "roles/rollout/README.md has no example: a yaml block below `## Example`",
        ),
        (
            "molecule/rollout/converge.yml",
            "rollout_name: page",
            "rollout_name: other",
            contracts.readmes_are_written_from_the_contract,
            "roles/rollout/README.md is not current: run `python -m tests.roles.readmes`",
        ),
        (
            "roles/rollout/README.md",
            r"\| `rollout_undo`.*\n",
            "",
            contracts.readmes_are_written_from_the_contract,
            "roles/rollout/README.md is not current: run `python -m tests.roles.readmes`",
        ),
        (
            "roles/rollout/meta/main.yml",
            r'min_ansible_version: "[\d.]+"',
            'min_ansible_version: "2.14"',
            contracts.roles_say_the_same_of_ansible,
            "rollout: min_ansible_version is 2.14, meta/runtime.yml says 2.20.0",
        ),
        (
            "roles/ssh_access/meta/main.yml",
            "bookworm, trixie",
            "trixie",
            contracts.roles_of_hosts_say_the_same_of_systems,
            (
                "ssh_access: meta/main.yml has platforms [{'name': 'Debian', 'versions': ['trixie']}, {'name': 'Ubuntu', 'versions': "
                "['noble']}], plugins/filter/host.py [{'name': 'Debian', 'versions': ['bookworm', 'trixie']}, {'name': 'Ubuntu', "
                "'versions': ['noble']}]"
            ),
        ),
        (
            "roles/ssh_access/README.md",
            "Debian 12, Debian 13 or Ubuntu 24.04 on amd64 or arm64",
            "A host",
            contracts.roles_of_hosts_say_the_same_of_systems,
            (
                "roles/ssh_access/README.md does not begin its requirements with the systems: Debian 12, Debian 13 or Ubuntu 24.04 on "
                "amd64 or arm64 with systemd"
            ),
        ),
        (
            "roles/ssh_access/tasks/main.yml",
            "    tasks_from: host\n",
            "",
            contracts.roles_of_hosts_say_the_same_of_systems,
            "ssh_access: no file of tasks/ applies role release, or its entry point `host`, which refuses other systems",
        ),
        (
            "molecule/rollout/verify.yml",
            None,
            "",
            contracts.roles_have_a_scenario,
            "molecule/rollout/verify.yml is missing",
        ),
        (
            "molecule/rollout/verify.yml",
            r"        fail_msg: .*\n",
            "",
            contracts.asserts_say_what_is_wrong,
            "molecule/rollout/verify.yml: `Its version is the one that works, and runs` has no fail_msg",
        ),
        (
            "molecule/rollout/verify.yml",
            r"kubernetes\.core\.k8s_info",
            "kubernetes.core.k8s",
            contracts.verify_only_reads,
            "molecule/rollout/verify.yml: `Look at the Deployment` calls kubernetes.core.k8s, which may change something",
        ),
    ],
)
def test_what_is_taken_away_is_missed(
    tree: Path,
    file: str,
    pattern: str | None,
    instead: str,
    contract: Callable[[Path], Iterator[str]],
    answer: str,
) -> None:
    path = tree / file
    if pattern is None:
        path.unlink()
    else:
        text = path.read_text()
        path.write_text(re.sub(pattern, instead, text))
        assert path.read_text() != text, f"{file} has nothing like {pattern}"
    assert answer in list(contract(tree))
