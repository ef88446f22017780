"""What AWS tells of an account, by calls that only read. An answer that is refused is `Unknown`, never an empty one."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from itertools import batched
from typing import TYPE_CHECKING, Any

from ._preflight import Unknown
from ._preflight_checks import InstanceType, Zone

with suppress(ImportError):  # the module names a missing package
    from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ._policies import Statement

NOT_THERE = frozenset({"NoSuchEntity", "NotFoundException", "ResourceNotFoundException", "InvalidParameterException"})
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AccessDeniedFault"})
# An operation that the API does not have, as a local cloud says it
NOT_OFFERED = frozenset(
    {"UnsupportedOperation", "NotImplementedException", "UnknownOperationException", "InvalidAction"}
)
STANDARD_FAMILIES = tuple("acdhimrtz")  # of the quota L-1216C47A
ACTIONS_AT_ONCE = 50
PROJECT = "beacon"


def refused(error: ClientError) -> Unknown:
    """Return why an answer is missing. Raises the error when it is none of being allowed or offered."""
    code = str(error.response["Error"]["Code"])
    if code in DENIED | NOT_OFFERED:
        return Unknown(f"{error.operation_name}: {code}")
    raise error


class Account:
    """An account's answers; `client` makes a boto3 client of a service in the region."""

    def __init__(self, client: Callable[[str], Any], *, environment: str) -> None:
        self.client = cache(client)  # each would read the service's model anew
        self.environment = environment

    # --- who
    def identity(self) -> tuple[str, str]:
        """Return account and ARN."""
        told = self.client("sts").get_caller_identity()
        return told["Account"], told["Arn"]

    def alias(self) -> str:
        """Return the account's alias, when it has one that may be read."""
        try:
            return str(next(iter(self.client("iam").list_account_aliases()["AccountAliases"]), ""))
        except ClientError as error:
            refused(error)
            return ""

    def find(self, kind: str, name: str) -> str | Unknown | None:
        """Return the ARN of a user or role; None where there is none."""
        iam = self.client("iam")
        try:
            if kind == "role":
                return str(iam.get_role(RoleName=name)["Role"]["Arn"])
            return str(iam.get_user(UserName=name)["User"]["Arn"])
        except ClientError as error:
            return None if error.response["Error"]["Code"] in NOT_THERE else refused(error)

    # --- rights
    def missing_rights(self, principal: str, needed: Sequence[Statement]) -> list[str] | Unknown:
        """Return the actions that the principal's policies do not allow."""
        pages = self.client("iam").get_paginator("simulate_principal_policy")
        missing = set()
        try:
            for statement, context in ((one, context) for one in needed for context in one.contexts()):
                for actions in batched(statement.actions, ACTIONS_AT_ONCE):
                    asked: dict[str, Any] = {
                        "PolicySourceArn": principal,
                        "ActionNames": list(actions),
                        "ResourceArns": list(statement.resources),
                        "ContextEntries": [
                            {"ContextKeyName": key, "ContextKeyType": "string", "ContextKeyValues": [value]}
                            for key, value in context.items()
                        ],
                    }
                    for page in pages.paginate(**asked):
                        results = page["EvaluationResults"]
                        missing |= {r["EvalActionName"] for r in results if r["EvalDecision"] != "allowed"}
        except ClientError as error:
            return refused(error)
        return sorted(missing)

    def dry_runs(self) -> tuple[list[str], list[str]]:
        """Return what of EC2 is allowed and what is refused, by calls that end before they do anything."""
        ec2 = self.client("ec2")
        asked: dict[str, Callable[[], Any]] = {
            "ec2:AllocateAddress": lambda: ec2.allocate_address(Domain="vpc", DryRun=True),
            "ec2:CreateInternetGateway": lambda: ec2.create_internet_gateway(DryRun=True),
            "ec2:CreateKeyPair": lambda: ec2.create_key_pair(KeyName="beacon-preflight", DryRun=True),
        }
        allowed, denied = [], []
        for action, call in asked.items():
            try:
                call()
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "DryRunOperation":
                    allowed.append(action)
                elif code in DENIED:
                    denied.append(action)
                elif code not in NOT_OFFERED:
                    raise
        return allowed, denied

    # --- quotas
    def quota(self, service: str, code: str) -> float | Unknown:
        """Return the quota that is applied, else the default."""
        client = self.client("service-quotas")
        try:
            try:
                told = client.get_service_quota(ServiceCode=service, QuotaCode=code)
            except client.exceptions.NoSuchResourceException:  # never asked for more
                told = client.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)
        except ClientError as error:
            return refused(error)
        return float(told["Quota"]["Value"])

    def addresses(self) -> tuple[int, int]:
        """Return how many Elastic IPs are allocated, and how many are this environment's."""
        found = self.client("ec2").describe_addresses()["Addresses"]
        return len(found), sum(map(self._ours, found))

    def vpcs(self) -> tuple[int, int]:
        """Return how many VPCs there are, and how many are this environment's."""
        found = list(self._pages("ec2", "describe_vpcs", "Vpcs"))
        return len(found), sum(map(self._ours, found))

    def network_load_balancers(self) -> tuple[int, int]:
        """Return how many there are, and how many have this environment's name."""
        found = [b for b in self._pages("elbv2", "describe_load_balancers", "LoadBalancers") if b["Type"] == "network"]
        return len(found), sum(b["LoadBalancerName"] == f"{PROJECT}-{self.environment}" for b in found)

    def vcpus(self, types: dict[str, int]) -> tuple[int, int]:
        """Return the vCPUs of running instances of the standard families, and those of this environment."""
        states = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
        reservations = self._pages("ec2", "describe_instances", "Reservations", Filters=states)
        running = [
            (self._cores(i, types), self._ours(i))
            for reservation in reservations
            for i in reservation["Instances"]
            if i["InstanceType"].startswith(STANDARD_FAMILIES) and i.get("InstanceLifecycle") != "spot"
        ]
        return sum(cores for cores, _ in running), sum(cores for cores, ours in running if ours)

    # --- what an earlier environment of this name has left
    def secrets(self) -> dict[str, list[str]]:
        """Return the names of this environment's encrypted parameters, by their keys; AWS's own keys never end."""
        below = [{"Key": "Path", "Option": "Recursive", "Values": [f"/{PROJECT}/{self.environment}"]}]
        by_key: dict[str, list[str]] = {}
        for parameter in self._pages("ssm", "describe_parameters", "Parameters", ParameterFilters=below):
            key = parameter.get("KeyId", "")
            if key and not key.startswith("alias/aws/"):
                by_key.setdefault(key, []).append(parameter["Name"])
        return by_key

    def dead_keys(self) -> dict[str, tuple[str, list[str]]] | Unknown:
        """Return the keys that no longer decrypt: each with how it stands, and the parameters under it."""
        dead = {}
        try:
            for key, names in self.secrets().items():
                how = self._how_a_key_ended(key)
                if how:
                    dead[key] = how, names
        except ClientError as error:
            return refused(error)
        return dead

    def _how_a_key_ended(self, key: str) -> str:
        try:
            told = self.client("kms").describe_key(KeyId=key)["KeyMetadata"]
        except ClientError as error:
            if error.response["Error"]["Code"] in NOT_THERE:
                return "is gone"
            raise
        if told["KeyState"] == "PendingDeletion":
            return f"is deleted on {told['DeletionDate']:%Y-%m-%d}"
        return "" if told["Enabled"] else f"is {told['KeyState']}"

    # --- what the region has
    def zones(self) -> list[Zone]:
        """Return the availability zones that the account has; local zones and the like are none."""
        only = [{"Name": "zone-type", "Values": ["availability-zone"]}]
        told = self.client("ec2").describe_availability_zones(Filters=only)["AvailabilityZones"]
        return [
            Zone(name=zone["ZoneName"], zone_id=zone["ZoneId"], available=zone["State"] == "available") for zone in told
        ]

    def subnet_zones(self, cidrs: Sequence[str]) -> list[str]:
        """Return the zones of this environment's subnets, in the order of the ranges; empty where there is none."""
        tags = [
            {"Name": "tag:Project", "Values": [PROJECT]},
            {"Name": "tag:Environment", "Values": [self.environment]},
        ]
        found = self._pages("ec2", "describe_subnets", "Subnets", Filters=tags)
        zones = {subnet["CidrBlock"]: subnet["AvailabilityZone"] for subnet in found}
        return [zones.get(cidr, "") for cidr in cidrs]

    def instance_types(self, names: Sequence[str]) -> dict[str, InstanceType]:
        """Return those of the types that the region has."""
        wanted = [{"Name": "instance-type", "Values": sorted(set(names))}]
        types = self._pages("ec2", "describe_instance_types", "InstanceTypes", Filters=wanted)
        offers = list(
            self._pages(
                "ec2",
                "describe_instance_type_offerings",
                "InstanceTypeOfferings",
                LocationType="availability-zone",
                Filters=wanted,
            )
        )
        return {
            kind["InstanceType"]: InstanceType(
                vcpus=kind["VCpuInfo"]["DefaultVCpus"],
                architectures=tuple(kind["ProcessorInfo"]["SupportedArchitectures"]),
                zones=frozenset(o["Location"] for o in offers if o["InstanceType"] == kind["InstanceType"]),
            )
            for kind in types
        }

    def images(self, *, pattern: str, owner: str) -> list[str]:
        """Return the names of the AMIs that Terraform would choose from."""
        only = [{"Name": "name", "Values": [pattern]}, {"Name": "virtualization-type", "Values": ["hvm"]}]
        return [image["Name"] for image in self.client("ec2").describe_images(Owners=[owner], Filters=only)["Images"]]

    def kubernetes(self, version: str) -> str | Unknown | None:
        """Return how EKS supports a version; None where it does not have it."""
        try:
            told = self.client("eks").describe_cluster_versions(clusterVersions=[version])["clusterVersions"]
        except ClientError as error:
            return None if error.response["Error"]["Code"] in NOT_THERE else refused(error)
        return next((str(v["versionStatus"]) for v in told if v["clusterVersion"] == version), None)

    def addon_versions(self, name: str, *, version: str) -> list[str] | Unknown:
        """Return the versions of an add-on for a version of Kubernetes, the newest first."""
        try:
            pages = self._pages("eks", "describe_addon_versions", "addons", addonName=name, kubernetesVersion=version)
            return [v["addonVersion"] for addon in pages for v in addon["addonVersions"]]
        except ClientError as error:
            return [] if error.response["Error"]["Code"] in NOT_THERE else refused(error)

    def _pages(self, service: str, operation: str, key: str, **asked: Any) -> Iterator[dict[str, Any]]:
        for page in self.client(service).get_paginator(operation).paginate(**asked):
            yield from page[key]

    def _ours(self, thing: dict[str, Any]) -> bool:
        tags = {tag["Key"]: tag["Value"] for tag in thing.get("Tags", [])}
        return tags.get("Project") == PROJECT and tags.get("Environment") == self.environment

    @staticmethod
    def _cores(instance: dict[str, Any], types: dict[str, int]) -> int:
        options = instance.get("CpuOptions", {})
        cores = int(options.get("CoreCount", 0)) * int(options.get("ThreadsPerCore", 0))
        return cores or types.get(instance["InstanceType"], 0)
