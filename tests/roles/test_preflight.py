"""What role preflight knows of terraform/ is what stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import hcl2
import yaml

from plugins.module_utils._policies import statements

CHECKOUT = Path(__file__).parents[2]
VARS: dict[str, Any] = yaml.safe_load((CHECKOUT / "roles/preflight/vars/main.yml").read_text())
POLICIES = [path.read_text() for path in (CHECKOUT / "terraform/permissions/provision").glob("*.json")]
VALUES = {
    "account_id": "123456789012",
    "environment": "production",
    "region": "eu-west-1",
    "partition": "aws",
    "state_bucket": "beacon-production-state-123456789012",
}


def terraform(name: str) -> str:
    return (CHECKOUT / "terraform" / f"{name}.tf").read_text()


def test_add_ons_are_those_of_the_cluster_with_their_versions() -> None:
    block = re.search(r"cluster_addons = \{(.*?)\n  \}", terraform("eks"), re.DOTALL)
    assert block
    names = re.findall(r"^    ([a-z-]+)\s+= \{", block[1], re.MULTILINE)
    assert sorted(names) == sorted(VARS["__preflight_addon_names"])
    pinned = hcl2.loads(terraform("variables"))["variable"]
    versions = next(item for variable in pinned for name, item in variable.items() if "addon_versions" in name)[
        "default"
    ]
    assert plain(versions) == VARS["__preflight_addons"]


def plain(value: Any) -> Any:
    """Return what hcl2 read, without the quotes that it keeps."""
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items() if not str(key).startswith("__")}
    return value.strip('"') if isinstance(value, str) else value


def test_the_image_is_that_of_the_hosts() -> None:
    ami = VARS["__preflight_ami"]
    assert f'owners      = ["{ami["owner"]}"]' in terraform("main")
    assert f'values = ["{ami["name"]}"]' in terraform("main")


def test_sizes_of_volumes_are_those_of_hosts_and_nodes() -> None:
    assert re.findall(r"volume_gib\s+= (\d+)", terraform("hosts")) == [str(VARS["__preflight_ops_volume_gib"])]
    assert re.findall(r"volume_size\s+= (\d+)", terraform("eks")) == [str(VARS["__preflight_node_volume_gib"])]


def actions() -> list[str]:
    """Return the actions of all policies."""
    read = [statement for policy in POLICIES for statement in statements(policy, **VALUES)]
    return [action for statement in read for action in statement.actions]


def test_the_policies_say_everything_once() -> None:
    assert not [action for action in actions() if "*" in action], "a simulation takes no patterns"
    assert [action for action in set(actions()) if actions().count(action) > 1] == []
    for policy in POLICIES:
        sids = [item["Sid"] for item in json.loads(policy)["Statement"]]
        assert len(sids) == len(set(sids))


def test_ec2_eks_and_load_balancers_have_the_operations_that_the_policy_names() -> None:
    session = botocore.session.get_session()
    services = {"ec2": "ec2", "eks": "eks", "elasticloadbalancing": "elbv2", "autoscaling": "autoscaling", "ssm": "ssm"}
    assert actions()
    for action in actions():
        prefix, _, name = action.partition(":")
        if prefix in services:
            assert name in session.get_service_model(services[prefix]).operation_names, action
