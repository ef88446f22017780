"""The root module by Terraform itself, without an AWS: its form, its own tests, and what it says to bad input."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.contracts.terraform_files import ROOT_MODULE, STUBS, mocks, terraform

if TYPE_CHECKING:
    from pathlib import Path

# name: (variables, what the message must hold)
BAD_INPUTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "illegal_environment": (
        {"environment": "Prod_1"},
        (
            'environment is "Prod_1"',
            "2 to 15 lowercase letters, digits and single dashes",
            "Rename it in the inventory",
        ),
    ),
    "long_environment": ({"environment": "a-name-far-too-long"}, ('environment is "a-name-far-too-long"',)),
    "environment_with_a_dash_last": ({"environment": "prod-"}, ('environment is "prod-"', "no dash last")),
    "environment_with_two_dashes": ({"environment": "prod--2"}, ('environment is "prod--2"', "single dashes")),
    "no_region": (
        {"region": "Ireland", "availability_zones": ["Irelanda", "Irelandb"]},
        ('region is "Ireland"; allowed is the name of a region, such as eu-west-1', "inventory (beacon_region)"),
    ),
    "malformed_vpc": (
        {"vpc_cidr": "10.42.0/16"},
        ('vpc_cidr is "10.42.0/16"', "such as 10.42.0.0/16", "Correct it in the inventory (beacon_vpc_cidr)"),
    ),
    "vpc_not_at_its_network_address": ({"vpc_cidr": "10.42.7.0/16"}, ('vpc_cidr is "10.42.7.0/16"',)),
    "large_vpc": (
        {"vpc_cidr": "10.0.0.0/8"},
        ('vpc_cidr is "10.0.0.0/8"', "AWS allows a prefix length from /16 to /28"),
    ),
    "zones_of_another_region": (
        {"availability_zones": ["eu-west-1a", "us-east-1b"]},
        ('availability_zones are "eu-west-1a, us-east-1b"', "such as eu-west-1a and eu-west-1b"),
    ),
    "one_zone": (
        {"availability_zones": ["eu-west-1a", "eu-west-1a"]},
        ("two different zones of the region eu-west-1",),
    ),
    "malformed_subnets": (
        {"public_subnets": ["10.42.0.0/24", "10.42.256.0/24"], "private_subnets": ["10.42.10.0/24", "ten"]},
        ('public_subnets are "10.42.0.0/24, 10.42.256.0/24"', 'private_subnets are "10.42.10.0/24, ten"'),
    ),
    "too_few_subnets": (
        {"public_subnets": ["10.42.0.0/24"], "private_subnets": ["10.42.10.0/24"]},
        (
            'public_subnets are "10.42.0.0/24"; needed is one for each of the zones eu-west-1a, eu-west-1b',
            'private_subnets are "10.42.10.0/24"; needed is one for each of the zones eu-west-1a, eu-west-1b',
        ),
    ),
    "ssh_from_everywhere": (
        {"ssh_allowed_cidrs": ["0.0.0.0/0"]},
        ('ssh_allowed_cidrs are "0.0.0.0/0"', "the whole internet (/0) is not allowed", "Name your own ranges"),
    ),
    "ssh_from_nowhere": ({"ssh_allowed_cidrs": []}, ("needed is at least one range such as 198.51.100.1/32",)),
    "malformed_http_range": (
        {"http_allowed_cidrs": ["everyone"]},
        ('http_allowed_cidrs are "everyone"', "such as 0.0.0.0/0"),
    ),
    "grafana_for_nobody": (
        {"grafana_allowed_cidrs": []},
        ('grafana_allowed_cidrs are ""', "needed is at least one range", "(infrastructure_grafana_allowed_cidrs)"),
    ),
    "no_public_key": (
        {"ssh_public_key": "-----BEGIN OPENSSH PRIVATE KEY-----"},
        ('ssh_public_key begins with "-----BEGIN O"', "Never give the private half"),
    ),
    "more_nodes_than_the_most": (
        {"node_count": {"min": 2, "desired": 5, "max": 3}},
        ("node_count is min 2, desired 5, max 3; allowed is 1 <= min <= desired <= max",),
    ),
    "no_nodes": ({"node_count": {"min": 0, "desired": 0, "max": 3}}, ("node_count is min 0, desired 0, max 3",)),
    "monitoring_address_in_a_public_subnet": (
        {"monitoring_private_ip": "10.42.0.20"},
        ('monitoring_private_ip is "10.42.0.20"', "one of the private subnets 10.42.10.0/24, 10.42.11.0/24"),
    ),
    "malformed_monitoring_address": ({"monitoring_private_ip": "ten"}, ('monitoring_private_ip is "ten"',)),
    "monitoring_address_kept_by_aws": (
        {"monitoring_private_ip": "10.42.10.3"},
        ('monitoring_private_ip is "10.42.10.3"', "AWS keeps the first four addresses of a subnet and the last one"),
    ),
    "nobody_may_deploy": (
        {"deployer_trusted_arns": ["alice"]},
        ('deployer_trusted_arns are "alice"', "needed is at least one ARN of a user or a role", "in the inventory"),
    ),
    "a_session_may_deploy": (
        {"deployer_trusted_arns": ["arn:aws:sts::123456789012:assumed-role/operators/alice"]},
        (
            "hold a session, arn:aws:sts::123456789012:assumed-role/operators/alice, which ends",
            "`aws iam get-role --role-name NAME --query Role.Arn` prints it",
        ),
    ),
    "root_may_deploy": (
        {"deployer_trusted_arns": ["arn:aws:iam::123456789012:user/alice", "arn:aws:iam::123456789012:root"]},
        ("hold an account's root, arn:aws:iam::123456789012:root, which AWS lets assume no role",),
    ),
    "everybody_may_deploy": (
        {"deployer_trusted_arns": ["arn:aws:iam::123456789012:role/*"]},
        ('deployer_trusted_arns are "arn:aws:iam::123456789012:role/*"', "such as arn:aws:iam::123456789012:role/"),
    ),
    "odd_bucket": (
        {"state_bucket": "Beacon_State"},
        ('state_bucket is "Beacon_State"; allowed is the name of a bucket', "(infrastructure_state_bucket)"),
    ),
    "patch_version_of_kubernetes": (
        {"kubernetes_version": "1.36.3"},
        ('kubernetes_version is "1.36.3"; allowed is a minor version such as 1.36',),
    ),
    "kubernetes_without_add_ons": (
        {"kubernetes_version": "1.34"},
        (
            "addon_versions has none for Kubernetes 1.34; there are some for 1.35, 1.36",
            "`aws eks describe-addon-versions --kubernetes-version 1.34` names",
            "node_ami_release_versions has none for Kubernetes 1.34; there are some for 1.35, 1.36",
        ),
    ),
    "add_ons_of_another_kubernetes": (
        {"addon_versions": {"1.30": {}}},
        ("addon_versions has none for Kubernetes 1.36",),
    ),
    "image_of_another_kubernetes": (
        {"node_ami_release_versions": {"1.36": "1.35.6-20260903"}},
        (
            "node_ami_release_versions are 1.36: 1.35.6-20260903; allowed is for each version of Kubernetes a release of its AMI",
        ),
    ),
    "add_ons_of_a_step_that_are_not_pinned": (
        {"addons_kubernetes_version": "1.33"},
        ('addons_kubernetes_version is "1.33"; allowed are 1.35, 1.36, or nothing: then it is kubernetes_version',),
    ),
    "nodes_of_a_step_that_are_not_pinned": (
        {"nodes_kubernetes_version": "1.33"},
        ('nodes_kubernetes_version is "1.33"; allowed are 1.35, 1.36, or nothing: then it is kubernetes_version',),
    ),
    "unknown_log": (
        {"cluster_log_types": ["api", "nodes"]},
        (
            'cluster_log_types are "api, nodes"; allowed are api, audit, authenticator, controllerManager, scheduler, or all',
        ),
    ),
    "odd_log_retention": ({"log_retention_days": 2}, ("log_retention_days is 2; CloudWatch allows 1, 3, 5",)),
    "small_data_volume": (
        {"monitoring_data_volume_gib": 1},
        ("monitoring_data_volume_gib is 1; allowed are 10 to 16384",),
    ),
    "small_volume": ({"monitoring_volume_gib": 1}, ("monitoring_volume_gib is 1; allowed are 10 to 16384",)),
}


# Seen only when each variable by itself is in order.
BAD_RELATIONS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "overlapping_subnets": (
        {"private_subnets": ["10.42.1.128/25", "10.42.8.0/21"], "monitoring_private_ip": "10.42.10.20"},
        ("Subnets overlap: 10.42.1.0/24 and 10.42.1.128/25; each needs a range of its own", "in the inventory"),
    ),
    "subnet_outside_of_the_vpc": (
        {"public_subnets": ["10.42.0.0/24", "10.43.1.0/24"]},
        ("Outside of the VPC's range 10.42.0.0/16: 10.43.1.0/24; subnets must lie in it", "in the inventory"),
    ),
    "subnet_larger_than_the_vpc": (
        {"vpc_cidr": "10.42.0.0/20", "public_subnets": ["10.42.0.0/24", "10.42.0.0/16"]},
        ("Outside of the VPC's range 10.42.0.0/20", "10.42.0.0/16"),
    ),
}

# A validation that asks for other variables is not reached when one of those is refused.
ASK_EACH_OTHER = {
    "kubernetes_version",
    "addon_versions",
    "node_ami_release_versions",
    "addons_kubernetes_version",
    "nodes_kubernetes_version",
    "region",
    "availability_zones",
    "public_subnets",
    "private_subnets",
    "monitoring_private_ip",
}


def rounds() -> list[dict[str, Any]]:
    """Put bad inputs that don't hide each other into one plan: a plan costs seconds."""
    together: list[dict[str, Any]] = []
    for variables, _ in BAD_INPUTS.values():
        asking = ASK_EACH_OTHER & variables.keys()
        free = (
            each
            for each in together
            if not (each.keys() & variables.keys() or (asking and ASK_EACH_OTHER & each.keys()))
        )
        place = next(free, None)
        if place is None:
            together.append(dict(variables))
        else:
            place.update(variables)
    return together + [variables for variables, _ in BAD_RELATIONS.values()]


@pytest.fixture(scope="session")
def messages(workspace: Path) -> list[str]:
    """Return what Terraform says to bad input, planned with the mocks of the module's own tests."""
    bad = workspace / "bad"  # a file for each plan: after a failed one Terraform skips the rest of its file
    bad.mkdir()
    for number, variables in enumerate(rounds()):
        lines = "\n".join(f"    {key} = {json.dumps(value)}" for key, value in variables.items())
        run = f'\nrun "bad" {{\n  command = plan\n  variables {{\n{lines}\n  }}\n}}\n'
        (bad / f"{number:02}.tftest.hcl").write_text(mocks() + run)
    done = terraform(workspace, "test", "-json", "-test-directory=bad", seconds=600)
    shutil.rmtree(bad)
    events = map(json.loads, done.stdout.splitlines())
    said = [event["diagnostic"] for event in events if event["type"] == "diagnostic"]
    return [" ".join(f"{each['summary']}: {each['detail']}".split()) for each in said]


@pytest.mark.parametrize("name", [*BAD_INPUTS, *BAD_RELATIONS])
def test_bad_input_is_named_with_what_is_allowed_and_the_next_step(messages: list[str], name: str) -> None:
    for part in (BAD_INPUTS | BAD_RELATIONS)[name][1]:
        assert any(part in text for text in messages), f"{part!r} is not in {messages}"


def test_the_modules_own_tests_pass(workspace: Path) -> None:
    done = terraform(workspace, "test", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_root_module_is_valid(workspace: Path) -> None:
    done = terraform(workspace, "validate", "-no-color")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("folder", [ROOT_MODULE, STUBS], ids=["root module", "stub modules"])
def test_files_are_formatted(folder: Path, terraform_providers: None) -> None:
    done = terraform(folder, "fmt", "-check", "-recursive")
    assert done.returncode == 0, f"not formatted: {done.stdout}"


def test_every_validation_is_tried() -> None:
    """A message that no bad input calls up is a message that nobody has read."""
    names = set(re.findall(r'^variable "(\w+)"', (ROOT_MODULE / "variables.tf").read_text(), flags=re.MULTILINE))
    tried = {key for variables in rounds() for key in variables}
    free = {
        "tags",
        "require_tls",
        "single_nat_gateway",
        "node_instance_type",
        "ops_instance_type",
        "monitoring_instance_type",
    }
    assert names - free <= tried
