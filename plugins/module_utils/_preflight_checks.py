"""What an account and an inventory must have for a first run to work: each check judges facts, and asks nothing."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._preflight import OK, PROBLEM, WARN, Row, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html, "Subnet requirements for clusters"
REFUSED_BY_EKS = frozenset({"use1-az3", "usw1-az2", "cac1-az3"})
# RFC 5737: addresses for examples, which nobody has
DOCUMENTATION = tuple(map(ipaddress.IPv4Network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))
LARGEST_SSH_RANGE = 8  # prefix length: nobody's own range is larger
ARCHITECTURE = "x86_64"  # of the images, and of the AMIs
ZONES_WANTED = "availability_zones"


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A quota, what of it is used, and what this environment has and needs of it."""

    name: str
    service: str
    code: str
    limit: float | Unknown
    used: int
    own: int
    needed: int
    way_out: str = ""


@dataclass(frozen=True, kw_only=True)
class Zone:
    """An availability zone as EC2 tells it."""

    name: str
    zone_id: str
    available: bool


@dataclass(frozen=True, kw_only=True)
class InstanceType:
    """An instance type that the region has, and the zones that offer it."""

    vcpus: int
    architectures: tuple[str, ...]
    zones: frozenset[str]


def quota_row(quota: Quota) -> Row:
    """Compare what is left of a quota with what is still missing."""
    check = f"quota: {quota.name}"
    if isinstance(quota.limit, Unknown):
        return Row(
            check=check,
            state=WARN,
            found=f"{quota.used} in use; the quota can't be read ({quota.limit.reason})",
            needed=f"{quota.needed} for this environment, which has {quota.own}",
            step="Allow servicequotas:GetServiceQuota, or look at the quota in the console.",
        )
    missing = max(quota.needed - quota.own, 0)
    found = f"{quota.used} of {quota.limit:.0f} in use, {quota.own} by this environment"
    needed = f"{missing} more, {quota.needed} in all"
    if missing <= quota.limit - quota.used:
        return Row(check=check, state=OK, found=found, needed=needed)
    raised = quota.used + missing
    step = (
        f"Release some, or ask for {raised}: aws service-quotas request-service-quota-increase --service-code "
        f"{quota.service} --quota-code {quota.code} --desired-value {raised}."
    )
    return Row(check=check, state=PROBLEM, found=found, needed=needed, step=f"{step} {quota.way_out}".strip())


def choose_zones(
    zones: Sequence[Zone],
    *,
    named: Sequence[str],
    had: Sequence[str],
    types: Mapping[str, InstanceType],
    count: int,
) -> tuple[list[str], list[Row]]:
    """Return the zones in the order of the subnets, and what is wrong with them.

    `had` are those of the subnets that exist, in the same order, empty where there is none: they stay, since a subnet
    that moves is a new one, and with it all that is in it.
    """
    good = [zone.name for zone in zones if not _zone_problem(zone, types)]
    if named:
        return list(named), _named_zones(zones, named=named, had=had, types=types, good=good)
    chosen = [*had, *([""] * count)][:count]
    free = iter(sorted(set(good) - set(chosen)))
    chosen = [zone or next(free, "") for zone in chosen]
    found = ", ".join(filter(None, chosen)) or "none"
    needed = (
        f"{count} zones that are available, that EKS takes, and that have {', '.join(sorted(types)) or 'the types'}"
    )
    if all(chosen):
        note = ", where the subnets are" if any(had) else ""
        return chosen, [Row(check="zones", state=OK, found=f"{found}{note}", needed=needed)]
    why = "; ".join(f"{zone.name}: {_zone_problem(zone, types)}" for zone in zones if _zone_problem(zone, types))
    row = Row(
        check="zones",
        state=PROBLEM,
        found=f"{found}{f' ({why})' if why else ''}",
        needed=needed,
        step="Choose another region, or other instance types.",
    )
    return [], [row]


def _named_zones(
    zones: Sequence[Zone],
    *,
    named: Sequence[str],
    had: Sequence[str],
    types: Mapping[str, InstanceType],
    good: Sequence[str],
) -> list[Row]:
    known = {zone.name: zone for zone in zones}
    step = f"Correct infrastructure_{ZONES_WANTED}, or leave it empty: then zones are chosen."
    needed = f"allowed are {', '.join(good) or 'none'}"
    rows = []
    for name in named:
        why = _zone_problem(known[name], types) if name in known else "is no zone that this account has"
        if why:
            rows.append(Row(check="zones", state=PROBLEM, found=f"{name} {why}", needed=needed, step=step))
    moved = [f"{old} is to be {new}" for old, new in zip(had, named, strict=False) if old and old != new]
    if moved:
        found = f"subnets would move: {', '.join(moved)}"
        needed = "the zones of the subnets that exist"
        step = f"Name {', '.join(had)} in infrastructure_{ZONES_WANTED}, or leave it empty. A new zone is a new environment."
        rows.append(Row(check="zones", state=PROBLEM, found=found, needed=needed, step=step))
    return rows or [Row(check="zones", state=OK, found=", ".join(named), needed=needed)]


def _zone_problem(zone: Zone, types: Mapping[str, InstanceType]) -> str:
    if zone.zone_id in REFUSED_BY_EKS:
        return f"is {zone.zone_id}, which EKS refuses for its subnets"
    if not zone.available:
        return "is not available now"
    missing = sorted(name for name, kind in types.items() if zone.name not in kind.zones)
    return f"does not offer {', '.join(missing)}" if missing else ""


def type_rows(wanted: Sequence[str], types: Mapping[str, InstanceType], *, region: str) -> list[Row]:
    """Check that the region has the instance types, and that images run on them."""
    rows = []
    for name in sorted(set(wanted)):
        kind = types.get(name)
        step = "Choose another type in the inventory (infrastructure_…_instance_type)."
        if kind is None:
            rows.append(
                Row(
                    check="instance type",
                    state=PROBLEM,
                    found=f"{region} has no {name}",
                    needed="a type of it",
                    step=step,
                )
            )
        elif ARCHITECTURE not in kind.architectures:
            found = f"{name} is {', '.join(kind.architectures)}"
            rows.append(Row(check="instance type", state=PROBLEM, found=found, needed=ARCHITECTURE, step=step))
        else:
            found = f"{name}: {kind.vcpus} vCPU"
            rows.append(Row(check="instance type", state=OK, found=found, needed=f"{ARCHITECTURE}, in {region}"))
    return rows


def ami_row(images: Sequence[str], *, pattern: str, owner: str) -> Row:
    """Check that Debian's images are there."""
    needed = f"{pattern} of {owner} (Debian)"
    if images:
        return Row(check="AMI", state=OK, found=max(images), needed=needed)
    return Row(
        check="AMI",
        state=PROBLEM,
        found="no image",
        needed=needed,
        step="Choose a region that has it: https://wiki.debian.org/Cloud/AmazonEC2Image.",
    )


def version_row(status: str | Unknown | None, *, version: str) -> Row:
    """Judge the support of a Kubernetes version; None where EKS does not have it."""
    check, step = "Kubernetes", "Choose another infrastructure_kubernetes_version: aws eks describe-cluster-versions."
    if isinstance(status, Unknown):
        found = f"{version}: not asked ({status.reason})"
        return Row(check=check, state=WARN, found=found, needed="a version that EKS has", step=step)
    if status is None or status == "UNSUPPORTED":
        return Row(check=check, state=PROBLEM, found=f"EKS has no {version}", needed="a supported version", step=step)
    if status == "EXTENDED_SUPPORT":
        needed = "standard support: extended costs six times as much"
        return Row(check=check, state=WARN, found=f"{version} is in extended support", needed=needed, step=step)
    return Row(check=check, state=OK, found=version, needed="standard support")


def addon_row(addons: Mapping[str, Sequence[str] | Unknown], *, pinned: Mapping[str, str], version: str) -> Row:
    """Check that each add-on has a version for this Kubernetes, and the one that is pinned."""
    check = "add-ons"
    unknown = {name: had.reason for name, had in addons.items() if isinstance(had, Unknown)}
    if unknown:
        name, reason = next(iter(unknown.items()))
        found = f"not asked: {', '.join(unknown)} ({reason})"
        return Row(check=check, state=WARN, found=found, needed=name, step="Allow eks:DescribeAddonVersions.")
    missing = [
        f"{name} {pinned.get(name, '')}".strip() + (f" (EKS has {had[0]})" if had else "")
        for name, had in addons.items()
        if not isinstance(had, Unknown) and (not had or (pinned.get(name) and pinned[name] not in had))
    ]
    if missing:
        return Row(
            check=check,
            state=PROBLEM,
            found=f"EKS does not have {', '.join(missing)}",
            needed=f"versions for Kubernetes {version}",
            step=f"aws eks describe-addon-versions --kubernetes-version {version} tells those that there are.",
        )
    return Row(check=check, state=OK, found=", ".join(addons), needed=f"versions for Kubernetes {version}")


def range_rows(
    ranges: Mapping[str, Sequence[str]], *, problems: Sequence[str], documentation_allowed: bool
) -> list[Row]:
    """Check ranges: what the network's own check says, examples that nobody has, ssh for half the internet."""
    rows = [Row(check="ranges", state=PROBLEM, found=text, needed="ranges that fit together") for text in problems]
    read = [(name, network) for name, values in ranges.items() for network in map(_network, values) if network]
    for name, network in read:
        step = "Put your own addresses there: curl https://checkip.amazonaws.com tells this machine's."
        if not documentation_allowed and any(network.subnet_of(example) for example in DOCUMENTATION):
            found = f"{name} holds {network}, a range for examples (RFC 5737)"
            rows.append(Row(check="ranges", state=PROBLEM, found=found, needed="ranges that somebody has", step=step))
        if "ssh" in name and 0 < network.prefixlen < LARGEST_SSH_RANGE:
            found = f"{name} holds {network}, {2 ** (32 - network.prefixlen):,} addresses"
            needed = f"your own ranges, /{LARGEST_SSH_RANGE} or smaller"
            rows.append(Row(check="ranges", state=PROBLEM, found=found, needed=needed, step=step))
    names = ", ".join(ranges)
    return rows or [Row(check="ranges", state=OK, found=names, needed="somebody's ranges, which fit together")]


def _network(value: str) -> ipaddress.IPv4Network | None:
    try:
        return ipaddress.IPv4Network(value)
    except ValueError:
        return None  # the network's own check says so


def receiver_row(*, receivers: Sequence[str], receiver: str, routed: bool, required: bool) -> Row:
    """Check that alerts reach somebody."""
    check, step = (
        "alert receivers",
        "Set alertmanager_receivers and alertmanager_receiver in the inventory: see role alertmanager.",
    )
    if receiver in receivers:
        return Row(check=check, state=OK, found=receiver, needed="a receiver that reaches somebody")
    found = f"alertmanager_receiver is {receiver}" + ("" if receivers else ", and there are no receivers")
    if not required:
        return Row(check=check, state=OK, found=found, needed="nobody, as the inventory says")
    if receivers and routed:
        return Row(
            check=check, state=WARN, found=f"{found}; only some alerts are routed", needed="a default", step=step
        )
    needed = "a receiver that reaches somebody, or preflight_alerts_required: false"
    return Row(check=check, state=PROBLEM, found=f"{found}: alerts reach nobody", needed=needed, step=step)


def nodes_row(*, smallest: int, desired: int, largest: int) -> Row:
    """Compare the number of nodes with the range that it may move in: nothing moves it."""
    check = "nodes"
    if smallest == desired == largest:
        return Row(check=check, state=OK, found=f"{desired}", needed="a number that nothing changes by itself")
    return Row(
        check=check,
        state=WARN,
        found=f"min {smallest}, desired {desired}, max {largest}, but nothing adds or removes nodes by itself: it stays {desired}",
        needed="three times the same number, or an autoscaler of your own",
        step="Correct infrastructure_node_count; how to change the number of nodes: "
        "https://github.com/beacon/platform/blob/main/docs/site/howto.md#change-the-number-of-nodes",
    )


def rights_row(missing: Sequence[str], *, asked: int) -> Row:
    """Say which rights of the policy are missing."""
    needed = f"{asked} actions of terraform/permissions/provision"
    if not missing:
        return Row(check="rights", state=OK, found="all are allowed, by simulation", needed=needed)
    return Row(
        check="rights",
        state=PROBLEM,
        found=f"{len(missing)} missing: {', '.join(missing)}",
        needed=needed,
        step="Attach these policies to your user or role, or take another one's credentials.",
    )


def unsimulated_row(reason: str, *, allowed: Sequence[str], refused: Sequence[str]) -> Row:
    """Say what dry runs told where the rights can't be simulated."""
    if refused:
        return Row(
            check="rights",
            state=PROBLEM,
            found=f"refused in a dry run: {', '.join(refused)}",
            needed="terraform/permissions/provision",
            step="Attach these policies to your user or role, or take another one's credentials.",
        )
    return Row(
        check="rights",
        state=WARN,
        found=f"not simulated ({reason}); dry runs allow {', '.join(allowed) or 'nothing'}",
        needed="terraform/permissions/provision",
        step="Not checked: all other actions. Allow iam:SimulatePrincipalPolicy to have them checked.",
    )


def bucket_row(*, name: str, exists: bool, foreign: str = "") -> Row:
    """Judge the bucket of the state: there, not there yet, or somebody else's, as a text says."""
    if foreign:
        return Row(check="state bucket", state=PROBLEM, found=name, needed="a bucket of this account", step=foreign)
    found = f"{name} {'is there' if exists else 'is made by the first run'}"
    return Row(check="state bucket", state=OK, found=found, needed="this account's")


def secrets_row(dead: Mapping[str, tuple[str, Sequence[str]]] | Unknown, *, environment: str) -> Row:
    """Judge the secrets that are there: a destroy that was interrupted leaves some that nobody can read any more."""
    check, needed = "secrets", "none, or under a key that decrypts"
    if isinstance(dead, Unknown):
        step = "Allow ssm:DescribeParameters and kms:DescribeKey."
        return Row(check=check, state=WARN, found=f"not asked ({dead.reason})", needed=needed, step=step)
    if not dead:
        return Row(check=check, state=OK, found="all can be read", needed=needed)
    lost = "; ".join(f"{', '.join(names)}: their key {key} {how}" for key, (how, names) in dead.items())
    return Row(
        check=check,
        state=PROBLEM,
        found=lost,
        needed=needed,
        step=f"Run beacon.platform.destroy with -e confirm={environment}, which ends what an interrupted one has left; "
        "or aws kms cancel-key-deletion and aws kms enable-key keep the environment.",
    )
