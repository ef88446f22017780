"""The preflight's questions: what an account answers, what it refuses, and what this environment has already."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from plugins.module_utils._policies import Statement
from plugins.module_utils._preflight import Unknown
from plugins.module_utils._preflight_aws import Account

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLE = "arn:aws:iam::123456789012:role/deploy"
OURS = [{"Key": "Project", "Value": "beacon"}, {"Key": "Environment", "Value": "prod"}]
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}],
    }
)
KEYS = {"region_name": "eu-west-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}


class Stubs:
    """Clients that answer what a test says, and nothing else."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.clients: dict[str, Any] = {}
        self.stubbers: dict[str, Stubber] = {}

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = boto3.client(service, **KEYS)
            self.stubbers[service] = self.stack.enter_context(Stubber(self.clients[service]))
        return self.clients[service]

    def of(self, service: str) -> Stubber:
        self.client(service)
        return self.stubbers[service]


@pytest.fixture
def stubs() -> Iterator[Stubs]:
    with ExitStack() as stack:
        yield Stubs(stack)


@pytest.fixture
def account(stubs: Stubs) -> Account:
    return Account(stubs.client, environment="prod")


def test_simulation_names_the_actions_that_are_not_allowed(stubs: Stubs, account: Account) -> None:
    results = [
        {"EvalActionName": "eks:CreateCluster", "EvalDecision": "implicitDeny"},
        {"EvalActionName": "kms:CreateKey", "EvalDecision": "explicitDeny"},
        {"EvalActionName": "s3:GetObject", "EvalDecision": "allowed"},
    ]
    asked = {
        "PolicySourceArn": ROLE,
        "ActionNames": ["eks:CreateCluster", "kms:CreateKey", "s3:GetObject"],
        "ResourceArns": ["*"],
        "ContextEntries": [],
    }
    stubs.of("iam").add_response("simulate_principal_policy", {"EvaluationResults": results}, asked)
    needed = [Statement(actions=("eks:CreateCluster", "kms:CreateKey", "s3:GetObject"), resources=("*",))]
    assert account.missing_rights(ROLE, needed) == ["eks:CreateCluster", "kms:CreateKey"]


def test_simulation_asks_for_each_value_of_a_condition(stubs: Stubs, account: Account) -> None:
    for service, decision in (("ec2.amazonaws.com", "allowed"), ("eks.amazonaws.com", "implicitDeny")):
        entry = {"ContextKeyName": "iam:PassedToService", "ContextKeyType": "string", "ContextKeyValues": [service]}
        asked = {
            "PolicySourceArn": ROLE,
            "ActionNames": ["iam:PassRole"],
            "ResourceArns": ["*"],
            "ContextEntries": [entry],
        }
        results = [{"EvalActionName": "iam:PassRole", "EvalDecision": decision}]
        stubs.of("iam").add_response("simulate_principal_policy", {"EvaluationResults": results}, asked)
    services = ("ec2.amazonaws.com", "eks.amazonaws.com")
    needed = [
        Statement(actions=("iam:PassRole",), resources=("*",), conditions=(("iam:PassedToService", services),)),
    ]
    assert account.missing_rights(ROLE, needed) == ["iam:PassRole"]


def test_a_simulation_that_is_not_allowed_is_unknown(stubs: Stubs, account: Account) -> None:
    stubs.of("iam").add_client_error("simulate_principal_policy", "AccessDenied")
    needed = [Statement(actions=("a:B",), resources=("*",))]
    assert account.missing_rights(ROLE, needed) == Unknown("SimulatePrincipalPolicy: AccessDenied")


def test_trouble_is_not_taken_for_a_refusal(stubs: Stubs, account: Account) -> None:
    stubs.of("iam").add_client_error("simulate_principal_policy", "ServiceFailure")
    with pytest.raises(ClientError):
        account.missing_rights(ROLE, [Statement(actions=("a:B",), resources=("*",))])


def test_dry_runs_tell_allowed_from_refused(stubs: Stubs, account: Account) -> None:
    ec2 = stubs.of("ec2")
    ec2.add_client_error("allocate_address", "DryRunOperation", expected_params={"Domain": "vpc", "DryRun": True})
    ec2.add_client_error("create_internet_gateway", "UnauthorizedOperation", expected_params={"DryRun": True})
    ec2.add_client_error("create_key_pair", "DryRunOperation")
    assert account.dry_runs() == (["ec2:AllocateAddress", "ec2:CreateKeyPair"], ["ec2:CreateInternetGateway"])


def test_a_quota_that_was_never_raised_is_the_default(stubs: Stubs, account: Account) -> None:
    quotas, asked = stubs.of("service-quotas"), {"ServiceCode": "ec2", "QuotaCode": "L-0263D0A3"}
    quotas.add_client_error("get_service_quota", "NoSuchResourceException", expected_params=asked)
    quotas.add_response("get_aws_default_service_quota", {"Quota": {"Value": 5.0}}, asked)
    assert account.quota("ec2", "L-0263D0A3") == 5.0


def test_what_is_used_and_what_is_ours(stubs: Stubs, account: Account) -> None:
    addresses = [{"AllocationId": "a", "Tags": OURS}, {"AllocationId": "b"}]
    stubs.of("ec2").add_response("describe_addresses", {"Addresses": addresses})
    assert account.addresses() == (2, 1)
    options = {"CoreCount": 1, "ThreadsPerCore": 2}
    instances = [
        {"InstanceType": "t3.medium", "CpuOptions": options, "Tags": OURS},
        {"InstanceType": "m6i.large"},
        {"InstanceType": "p5.48xlarge", "CpuOptions": {"CoreCount": 96, "ThreadsPerCore": 2}},
        {"InstanceType": "t3.medium", "CpuOptions": options, "InstanceLifecycle": "spot"},
    ]
    stubs.of("ec2").add_response("describe_instances", {"Reservations": [{"Instances": instances}]})
    assert account.vcpus({"m6i.large": 2}) == (4, 2)
    balancers = [
        {"Type": "network", "LoadBalancerName": "beacon-prod"},
        {"Type": "network", "LoadBalancerName": "other"},
        {"Type": "application", "LoadBalancerName": "web"},
    ]
    stubs.of("elbv2").add_response("describe_load_balancers", {"LoadBalancers": balancers})
    assert account.network_load_balancers() == (2, 1)


def test_zones_of_subnets_in_the_order_of_the_ranges(stubs: Stubs, account: Account) -> None:
    subnets = [
        {"CidrBlock": "10.0.2.0/24", "AvailabilityZone": "eu-west-1c"},
        {"CidrBlock": "10.0.1.0/24", "AvailabilityZone": "eu-west-1a"},
    ]
    stubs.of("ec2").add_response("describe_subnets", {"Subnets": subnets})
    assert account.subnet_zones(["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"]) == ["eu-west-1a", "eu-west-1c", ""]


def test_versions_that_eks_does_not_have(stubs: Stubs, account: Account) -> None:
    eks = stubs.of("eks")
    eks.add_response("describe_cluster_versions", {"clusterVersions": []}, {"clusterVersions": ["1.99"]})
    assert account.kubernetes("1.99") is None
    eks.add_client_error("describe_addon_versions", "ResourceNotFoundException")
    assert account.addon_versions("coredns", version="1.99") == []


@mock_aws
def test_roles_are_found_with_their_paths_and_types_with_their_zones() -> None:
    iam = boto3.client("iam", **KEYS)
    iam.create_role(RoleName="operators", Path="/team/", AssumeRolePolicyDocument=TRUST)
    iam.create_account_alias(AccountAlias="acme")
    account = Account(lambda service: boto3.client(service, **KEYS), environment="prod")
    assert account.find("role", "operators") == "arn:aws:iam::123456789012:role/team/operators"
    assert account.find("user", "nobody") is None
    assert account.alias() == "acme"
    assert [zone.name for zone in account.zones()] == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    found = account.instance_types(["t3.medium", "t9.huge"])
    assert found.keys() == {"t3.medium"}
    assert (found["t3.medium"].vcpus, "x86_64" in found["t3.medium"].architectures) == (2, True)
    assert "eu-west-1a" in found["t3.medium"].zones


@mock_aws
def test_secrets_whose_key_has_ended_are_told_by_their_key() -> None:
    ssm, kms = (boto3.client(service, **KEYS) for service in ("ssm", "kms"))
    account = Account(lambda service: boto3.client(service, **KEYS), environment="prod")
    used, ended, off = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(3))
    for name, key in (("/beacon/prod/a", used), ("/beacon/prod/b/c", ended), ("/beacon/prod/d", off)):
        ssm.put_parameter(Name=name, Value="x", Type="SecureString", KeyId=key)
    ssm.put_parameter(Name="/beacon/prod/ssh", Value="x", Type="SecureString", KeyId="alias/aws/ssm")
    ssm.put_parameter(Name="/beacon/prod/plain", Value="x", Type="String")
    ssm.put_parameter(Name="/beacon/production/e", Value="x", Type="SecureString", KeyId=ended)
    assert account.dead_keys() == {}
    day = kms.schedule_key_deletion(KeyId=ended.rpartition("/")[2], PendingWindowInDays=7)["DeletionDate"]
    kms.disable_key(KeyId=off.rpartition("/")[2])
    assert account.dead_keys() == {
        ended: (f"is deleted on {day:%Y-%m-%d}", ["/beacon/prod/b/c"]),
        off: ("is Disabled", ["/beacon/prod/d"]),
    }


def test_a_key_that_is_gone_is_none_that_may_not_be_asked_for(stubs: Stubs, account: Account) -> None:
    parameters = {"Parameters": [{"Name": "/beacon/prod/a", "KeyId": "arn:of:a:key"}]}
    for code in ("NotFoundException", "AccessDeniedException"):
        stubs.of("ssm").add_response("describe_parameters", parameters)
        stubs.of("kms").add_client_error("describe_key", code)
    assert account.dead_keys() == {"arn:of:a:key": ("is gone", ["/beacon/prod/a"])}
    assert account.dead_keys() == Unknown("DescribeKey: AccessDeniedException")
