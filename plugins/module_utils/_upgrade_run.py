"""The whole readiness check of an upgrade: asks EKS, judges the answers, and returns rows and steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from . import _upgrade as checks
from ._preflight import PROBLEM, Row, Unknown

if TYPE_CHECKING:
    from ._cluster import Cluster
    from ._preflight_aws import Account


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is wanted, what is pinned for each version, and what the cluster's own API says of itself."""

    wanted: str
    pinned: dict[str, dict[str, str]]
    nodes: list[dict[str, Any]]
    budgets: list[dict[str, Any]]
    deprecated: list[dict[str, str]]


def readiness(account: Account, cluster: Cluster, asked: Asked) -> tuple[list[Row], list[dict[str, str]]]:
    """Return a row for each check, and the steps that are left; none of them where the versions can't be told."""
    wanted = asked.wanted
    if wanted not in asked.pinned:
        return [_unpinned_row(asked)], []
    told, groups = cluster.describe(), cluster.nodegroups()
    if not isinstance(told, dict) or isinstance(groups, Unknown):
        return [_unanswered_row(cluster, told, groups)], []
    addons = [addon for name in asked.pinned[wanted] if (addon := cluster.addon(name))]
    now = checks.present(
        control_plane=str(told["version"]),
        proxy=next((str(a["addonVersion"]) for a in addons if a["addonName"] == checks.PROXY), ""),
        nodes=[*(str(group["version"]) for group in groups), *(str(node["version"]) for node in asked.nodes)],
        pinned=asked.pinned,
        wanted=wanted,
    )
    left = checks.steps(now, wanted)
    rows = [checks.version_row(now, wanted), *checks.health_rows(told, groups, addons)]
    if left:
        rows += _rows(account, cluster, asked, now, told)
    return rows, left


def _rows(account: Account, cluster: Cluster, asked: Asked, now: checks.Versions, told: dict[str, Any]) -> list[Row]:
    """Judge what is needed only where something is to be done."""
    wanted = asked.wanted
    newer = max(wanted, now.control_plane, key=checks.minor)
    back = newer != wanted
    rows = [
        checks.offer_row(
            {name: account.addon_versions(name, version=newer) for name in asked.pinned[wanted]},
            pinned=asked.pinned[wanted],
            control_plane=newer,
        ),
        checks.insights_row(cluster.insights("ROLLBACK_READINESS" if back else "UPGRADE_READINESS", wanted), back=back),
        checks.addresses_row(cluster.free_addresses(told["resourcesVpcConfig"]["subnetIds"])),
        checks.nodes_row(asked.nodes, wanted=wanted),
        checks.budgets_row(asked.budgets),
        checks.apis_row(asked.deprecated, wanted=wanted),
    ]
    if back:
        at = cluster.upgraded_at(now.control_plane)
        rows.append(checks.way_back_row(at, now=datetime.now(UTC), version=now.control_plane))
    return rows


def _unpinned_row(asked: Asked) -> Row:
    return Row(
        check="version",
        state=PROBLEM,
        found=asked.wanted,
        needed=", ".join(asked.pinned),
        step="Choose one of these, or add its lines to addon_versions and node_ami_release_versions of terraform/variables.tf.",
    )


def _unanswered_row(cluster: Cluster, *answers: Any) -> Row:
    reason = next((answer.reason for answer in answers if isinstance(answer, Unknown)), "there is none")
    return Row(
        check="cluster",
        state=PROBLEM,
        found=f"{cluster.name} can't be read ({reason})",
        needed="a cluster, and the rights of terraform/permissions/provision",
        step="Take an administrator's credentials; beacon.platform.provision makes a cluster that is missing.",
    )
