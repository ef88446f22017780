"""The whole preflight: asks an account, judges the answers, and returns rows, zones and costs."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import _preflight_checks as checks
from ._buckets import ForeignBucketError, own_bucket_exists
from ._cluster import Cluster
from ._credentials import credentials_problem
from ._policies import statements
from ._preflight import OK, PROBLEM, Row, Unknown
from ._preflight_aws import PROJECT
from ._preflight_cost import Sizes
from ._preflight_identity import account_row, caller, identity_row, trust_rows
from ._upgrade import running_row

with suppress(ImportError):  # the module names a missing package
    from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from ._preflight_aws import Account
    from ._preflight_identity import Caller


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the inventory says, as the module's parameters."""

    environment: str
    region: str
    account_id: str
    state_bucket: str
    availability_zones: list[str]
    private_subnets: list[str]
    kubernetes_version: str
    kubernetes_change_allowed: bool
    addons: dict[str, str]
    node_instance_type: str
    node_count: dict[str, int]
    host_instance_types: list[str]
    single_nat_gateway: bool
    volumes_gib: dict[str, int]
    kms_keys: int
    ami: dict[str, str]
    trusted_arns: list[str]
    ranges: dict[str, list[str]]
    network_problems: list[str]
    documentation_ranges_allowed: bool
    alerts: dict[str, Any]
    permissions: list[str]
    endpoint: str

    @property
    def nat_gateways(self) -> int:
        """Return how many there will be: one for each zone, or one."""
        return 1 if self.single_nat_gateway else len(self.private_subnets)

    @property
    def addresses(self) -> int:
        """Return how many Elastic IPs: of NAT, of the load balancer in each zone, of the ops host."""
        return self.nat_gateways + len(self.private_subnets) + 1

    @property
    def instances(self) -> Counter[str]:
        """Return how many of each instance type there are at first."""
        return Counter(self.host_instance_types) + Counter({self.node_instance_type: self.node_count["desired"]})

    @property
    def sizes(self) -> Sizes:
        """Return what is charged."""
        return Sizes(
            instances=self.instances,
            nat_gateways=self.nat_gateways,
            addresses=self.addresses,
            volumes_gib=self.volumes_gib["hosts"] + self.volumes_gib["node"] * self.node_count["desired"],
            kms_keys=self.kms_keys,
        )


def zones(account: Account, wanted: Wanted) -> tuple[list[str], list[Row], dict[str, checks.InstanceType]]:
    """Return the zones in the order of the subnets, their rows, and the instance types that the region has."""
    types = account.instance_types(list(wanted.instances))
    chosen, rows = checks.choose_zones(
        account.zones(),
        named=wanted.availability_zones,
        had=account.subnet_zones(wanted.private_subnets),
        types=types,
        count=len(wanted.private_subnets),
    )
    return chosen, rows, types


def preflight(account: Account, wanted: Wanted) -> tuple[list[Row], list[str], Caller | None]:
    """Return a row for each check, the zones, and who asks, where AWS says that."""
    try:
        number, arn = account.identity()
    except (BotoCoreError, ClientError) as error:
        step = credentials_problem(str(error), endpoint=wanted.endpoint)
        lost = Row(
            check="identity", state=PROBLEM, found="AWS does not say who we are", needed="credentials", step=step
        )
        return [lost, *_inventory(wanted)], list(wanted.availability_zones), None
    who = caller(account=number, arn=arn, region=wanted.region, find=account.find)
    chosen, zone_rows, types = zones(account, wanted)
    addons = {name: account.addon_versions(name, version=wanted.kubernetes_version) for name in wanted.addons}
    pattern, owner = wanted.ami["name"], wanted.ami["owner"]
    rows = [
        identity_row(who),
        account_row(who, wanted=wanted.account_id, alias=account.alias()),
        Row(check="region", state=OK, found=wanted.region, needed="as the inventory says"),
        *trust_rows(who, wanted.trusted_arns, find=account.find),
        _rights(account, wanted, who),
        _bucket(account, wanted, who),
        checks.secrets_row(account.dead_keys(), environment=wanted.environment),
        *_quotas(account, wanted, types),
        *zone_rows,
        *checks.type_rows(list(wanted.instances), types, region=wanted.region),
        checks.ami_row(account.images(pattern=pattern, owner=owner), pattern=pattern, owner=owner),
        checks.version_row(account.kubernetes(wanted.kubernetes_version), version=wanted.kubernetes_version),
        running_row(
            Cluster(account.client, name=f"{PROJECT}-{wanted.environment}").versions(),
            wanted=wanted.kubernetes_version,
            allowed=wanted.kubernetes_change_allowed,
        ),
        checks.addon_row(addons, pinned=wanted.addons, version=wanted.kubernetes_version),
        *_inventory(wanted),
    ]
    return rows, chosen, who


def _inventory(wanted: Wanted) -> list[Row]:
    """Judge what needs no answer of AWS."""
    ranges = checks.range_rows(
        wanted.ranges,
        problems=wanted.network_problems,
        documentation_allowed=wanted.documentation_ranges_allowed,
    )
    count = wanted.node_count
    nodes = checks.nodes_row(smallest=count["min"], desired=count["desired"], largest=count["max"])
    return [*ranges, nodes, checks.receiver_row(**wanted.alerts)]


def _rights(account: Account, wanted: Wanted, who: Caller) -> Row:
    if not wanted.permissions:
        raise ValueError("There are no policies to compare with: preflight_permissions_folder holds no *.json.")
    values = {
        "account_id": who.account,
        "environment": wanted.environment,
        "region": wanted.region,
        "partition": who.arn.split(":")[1],
        "state_bucket": _state_bucket(wanted, who),
    }
    needed = [statement for document in wanted.permissions for statement in statements(document, **values)]
    missing = (
        account.missing_rights(who.principal, needed) if who.principal else Unknown(f"{who.kind} can't be simulated")
    )
    if isinstance(missing, Unknown):
        allowed, refused = account.dry_runs()
        return checks.unsimulated_row(missing.reason, allowed=allowed, refused=refused)
    return checks.rights_row(missing, asked=sum(len(statement.actions) for statement in needed))


def _state_bucket(wanted: Wanted, who: Caller) -> str:
    return wanted.state_bucket or f"beacon-{wanted.environment}-state-{who.account}"


def _bucket(account: Account, wanted: Wanted, who: Caller) -> Row:
    name = _state_bucket(wanted, who)
    try:
        exists = own_bucket_exists(account.client("s3"), name=name, account_id=who.account)
    except ForeignBucketError as error:
        return checks.bucket_row(name=name, exists=True, foreign=str(error))
    return checks.bucket_row(name=name, exists=exists)


def _quotas(account: Account, wanted: Wanted, types: dict[str, checks.InstanceType]) -> list[Row]:
    vcpus = {name: kind.vcpus for name, kind in types.items()}
    needed = sum(vcpus.get(name, 0) * number for name, number in wanted.instances.items())
    one_less = (
        "" if wanted.single_nat_gateway else "Or set infrastructure_single_nat_gateway: true, which needs one less."
    )
    asked = (
        ("Elastic IPs", "ec2", "L-0263D0A3", account.addresses(), wanted.addresses, one_less),
        ("vCPUs", "ec2", "L-1216C47A", account.vcpus(vcpus), needed, "Or choose smaller or fewer instances."),
        ("VPCs", "vpc", "L-F678F1CE", account.vpcs(), 1, ""),
        ("network load balancers", "elasticloadbalancing", "L-69A177A2", account.network_load_balancers(), 1, ""),
    )
    return [
        checks.quota_row(
            checks.Quota(
                name=name,
                service=service,
                code=code,
                limit=account.quota(service, code),
                used=used,
                own=own,
                needed=number,
                way_out=way_out,
            )
        )
        for name, service, code, (used, own), number, way_out in asked
    ]
