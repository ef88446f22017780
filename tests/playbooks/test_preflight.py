"""The preflight against an account with a fault: one table, exit code 2, and nothing is changed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localcloud.conftest import cloud, config, docker

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

__all__ = ["cloud", "config", "docker"]  # fixtures: a local cloud in this process, without Docker

CHECKOUT = Path(__file__).parents[2]
AWS = ("AWS_", "BEACON_", "LOCALCLOUD_")


def play(
    cloud: Cloud, *arguments: str, inventory: str = "local", state: Path, keys: tuple[str, str] | None = None
) -> tuple[int, str]:
    """Play the preflight; return its exit code and what it printed, as one line."""
    key, secret = keys or cloud._key
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(AWS)},
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "BEACON_STATE": str(state),
    }
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, "playbooks/preflight.yml", "-i", f"inventories/{inventory}", *arguments]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment, check=False, capture_output=True, text=True, timeout=300
    )
    return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)


def reader(cloud: Cloud) -> tuple[str, str]:
    """Make a user who is allowed to look, and nothing else; return its key."""
    looks = ["ec2:Describe*", "eks:Describe*", "elasticloadbalancing:Describe*", "servicequotas:Get*", "s3:ListBucket"]
    asks = ["iam:Get*", "iam:List*", "iam:SimulatePrincipalPolicy"]
    statement = {"Effect": "Allow", "Action": looks + asks, "Resource": "*"}
    iam = cloud.client("iam")
    iam.create_user(UserName="reader")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="reader", PolicyName="look", PolicyDocument=policy)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def inventory_of(cloud: Cloud) -> dict[str, Any]:
    """Return what is in the account that a run would change."""
    ec2, s3, iam = (cloud.client(service) for service in ("ec2", "s3", "iam"))
    return {
        "addresses": len(ec2.describe_addresses()["Addresses"]),
        "vpcs": len(ec2.describe_vpcs()["Vpcs"]),
        "keys": len(ec2.describe_key_pairs()["KeyPairs"]),
        "buckets": len(s3.list_buckets()["Buckets"]),
        "roles": len(iam.list_roles()["Roles"]),
    }


def test_an_account_that_fits_is_told_with_zones_and_cost(cloud: Cloud, tmp_path: Path) -> None:
    code, said = play(cloud, state=tmp_path)
    assert code == 0, said
    for text in (
        "| ok | account | 123456789012 |",
        "| ok | quota: Elastic IPs | 0 of 5 in use, 0 by this environment | 4 more, 4 in all |",
        "| ok | rights | all are allowed, by simulation |",
        "| ok | zones | eu-west-1a, eu-west-1b |",
        "| 1 x EKS cluster | 2.40 | 73.00 |",
        "Prices of eu-west-1, as of ",
    ):
        assert text in said


def test_all_faults_are_told_at_once_and_nothing_is_changed(cloud: Cloud, tmp_path: Path) -> None:
    for _ in range(2):
        cloud.client("ec2").allocate_address(Domain="vpc")
    faults = {
        "beacon_account_id": "210987654321",
        "infrastructure_availability_zones": ["eu-west-1a", "eu-west-1z"],
        "infrastructure_deployer_trusted_arns": ["arn:aws:iam::123456789012:role/nobody"],
        "infrastructure_kubernetes_version": "1.19",
        "infrastructure_node_instance_type": "t4g.medium",
        "preflight_alerts_required": True,
        "preflight_documentation_ranges_allowed": False,
    }
    keys = reader(cloud)
    before = inventory_of(cloud)
    code, said = play(cloud, "-e", json.dumps(faults), state=tmp_path, keys=keys)
    assert code == 2, said
    for text in (
        (
            "and nothing was changed. (1) account: the credentials are of account 123456789012; needed or allowed: "
            "beacon_account_id is 210987654321."
        ),
        "trust: arn:aws:iam::123456789012:role/nobody does not exist",
        "quota: Elastic IPs: 2 of 5 in use, 0 by this environment; needed or allowed: 4 more, 4 in all.",
        "rights: ",
        "eks:CreateCluster",
        "Attach these policies to your user or role",
        "zones: eu-west-1z is no zone that this account has; needed or allowed: allowed are eu-west-1a",
        "instance type: t4g.medium is arm64; needed or allowed: x86_64.",
        "Kubernetes: EKS has no 1.19",
        "add-ons: EKS does not have coredns",
        "ranges: ssh_allowed_cidrs holds 198.51.100.0/24, a range for examples (RFC 5737)",
        "alert receivers: alertmanager_receiver is nobody, and there are no receivers: alerts reach nobody",
        "| problem | quota: Elastic IPs |",
    ):
        assert text in said, f"{text}: {said}"
    assert inventory_of(cloud) == before
    assert not list(tmp_path.glob("local"))


def test_the_accounts_inventory_as_it_is_shipped_is_checked(cloud: Cloud, tmp_path: Path) -> None:
    code, said = play(cloud, "--check", inventory="sample", state=tmp_path)
    assert code == 0, said
    assert 'set beacon_account_id to "123456789012"' in said
    assert "infrastructure_deployer_trusted_arns is empty" in said
    assert "ssh_allowed_cidrs holds 192.0.2.1/32, a range for examples" in said
    assert "alerts reach nobody" in said


def test_an_empty_folder_of_policies_is_refused_with_its_variable(cloud: Cloud, tmp_path: Path) -> None:
    code, told = play(cloud, "-e", f"preflight_permissions_folder={tmp_path}", state=tmp_path)
    assert code == 2
    assert "There are no policies to compare with: preflight_permissions_folder holds no *.json." in told
