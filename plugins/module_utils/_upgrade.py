"""Whether a cluster can go to another version of Kubernetes, and in which steps: each check judges facts, and asks nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ._preflight import OK, PROBLEM, WARN, Row, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

# https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html
ROLLBACK = timedelta(days=7)
# https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html: free in the subnets of the control plane
ADDRESSES = 5
PARTS = ("control_plane", "addons", "nodes")
# https://kubernetes.io/releases/version-skew-policy/#kubelet
SKEW = 3
PROXY = "kube-proxy"  # whose version follows that of Kubernetes


@dataclass(frozen=True, kw_only=True)
class Versions:
    """Which version of Kubernetes each part is of."""

    control_plane: str
    addons: str
    nodes: str

    def of(self, part: str, version: str) -> Versions:
        """Return them with another version of one part."""
        return Versions(**{**self.as_dict(), part: version})

    def as_dict(self) -> dict[str, str]:
        """Return them by the parts' names."""
        return {part: getattr(self, part) for part in PARTS}


def minor(version: str) -> int:
    """Return the number that versions are compared by."""
    return int(version.partition(".")[2])


def present(
    *, control_plane: str, proxy: str, nodes: Sequence[str], pinned: Mapping[str, Mapping[str, str]], wanted: str
) -> Versions:
    """Say which version each part is of: add-ons by kube-proxy's; nodes are of the wanted one when all of them are."""
    addons = next((name for name, versions in pinned.items() if versions[PROXY] == proxy), control_plane)
    left = next((version for version in nodes if version != wanted), wanted)
    return Versions(control_plane=control_plane, addons=addons, nodes=left)


def steps(now: Versions, wanted: str) -> list[dict[str, str]]:
    """Return what is left to do, one part after the other: nothing is ever newer than the control plane.

    Each step has the name of its part, and the versions that all parts have after it.
    """
    back = minor(wanted) < minor(now.control_plane)
    done = []
    for part in ("nodes", "addons", "control_plane") if back else PARTS:
        if getattr(now, part) != wanted:
            now = now.of(part, wanted)
            done.append({"part": part, **now.as_dict()})
    return done


def version_row(now: Versions, wanted: str) -> Row:
    """Refuse more than one minor version at a time."""
    found = ", ".join(f"{part.replace('_', ' ')} {version}" for part, version in now.as_dict().items())
    distance = minor(wanted) - minor(now.control_plane)
    if abs(distance) <= 1:
        return Row(check="version", state=OK, found=found, needed=wanted)
    between = f"1.{minor(now.control_plane) + (1 if distance > 0 else -1)}"
    step = f"Set infrastructure_kubernetes_version to {between} first."
    return Row(check="version", state=PROBLEM, found=f"{found}; {wanted} is asked for", needed=between, step=step)


def way_back_row(upgraded_at: datetime | Unknown | None, *, now: datetime, version: str) -> Row:
    """Judge whether EKS still goes back: seven days after an update, and only after one."""
    check, needed = "way back", f"an update to {version} less than {ROLLBACK.days} days ago"
    if isinstance(upgraded_at, Unknown):
        return Row(check=check, state=WARN, found=f"not asked ({upgraded_at.reason})", needed=needed)
    if upgraded_at is None:
        step = "EKS makes no older control plane of a cluster that was made as it is: keep the version."
        return Row(
            check=check, state=PROBLEM, found=f"the cluster was never updated to {version}", needed=needed, step=step
        )
    found = f"updated to {version} on {upgraded_at:%Y-%m-%d %H:%M} UTC"
    if now - upgraded_at <= ROLLBACK:
        return Row(check=check, state=OK, found=found, needed=needed)
    step = "EKS goes back no more: keep the version, and mend what does not run with it."
    return Row(check=check, state=PROBLEM, found=found, needed=needed, step=step)


def health_rows(
    cluster: Mapping[str, Any], nodegroups: Sequence[Mapping[str, Any]], addons: Sequence[Mapping[str, Any]]
) -> list[Row]:
    """Check that all of EKS' own is active and without an issue."""
    kinds = {
        "cluster": [(str(cluster["name"]), cluster)],
        "node groups": [(str(group["nodegroupName"]), group) for group in nodegroups],
        "add-ons": [(str(addon["addonName"]), addon) for addon in addons],
    }
    return [_health_row(check, things) for check, things in kinds.items()]


def _health_row(check: str, things: Sequence[tuple[str, Mapping[str, Any]]]) -> Row:
    ill = []
    for name, thing in things:
        issues = [str(issue["code"]) for issue in thing.get("health", {}).get("issues", [])]
        if thing["status"] != "ACTIVE" or issues:
            ill.append(f"{name} is {' with '.join([str(thing['status']), ', '.join(issues)][: 2 if issues else 1])}")
    if ill:
        step = "Wait for an update that is under way, or mend what the issue names; then play it again."
        return Row(check=check, state=PROBLEM, found="; ".join(ill), needed="ACTIVE, without an issue", step=step)
    return Row(
        check=check, state=OK, found=", ".join(name for name, _thing in things), needed="ACTIVE, without an issue"
    )


def offer_row(offered: Mapping[str, Sequence[str] | Unknown], *, pinned: Mapping[str, str], control_plane: str) -> Row:
    """Check that the wanted add-ons go with the newer control plane, under which they are changed."""
    check, needed = "add-ons to come", f"offered for Kubernetes {control_plane}, under which they are changed"
    unknown = {name: had.reason for name, had in offered.items() if isinstance(had, Unknown)}
    if unknown:
        return Row(check=check, state=WARN, found=f"not asked: {'; '.join(unknown.values())}", needed=needed)
    missing = [f"{name} {version}" for name, version in pinned.items() if version not in _known(offered[name])]
    if missing:
        step = f"aws eks describe-addon-versions --kubernetes-version {control_plane} names those that are; put them into addon_versions."
        return Row(check=check, state=PROBLEM, found=", ".join(missing), needed=needed, step=step)
    return Row(check=check, state=OK, found=", ".join(pinned), needed=needed)


def _known(had: Sequence[str] | Unknown) -> Sequence[str]:
    return () if isinstance(had, Unknown) else had


def insights_row(found: Sequence[Mapping[str, Any]] | Unknown, *, back: bool) -> Row:
    """Judge EKS' own findings. On the way back, nodes and add-ons answer some of them before EKS looks at the control plane."""
    check, needed = "EKS insights", "all passed"
    if isinstance(found, Unknown):
        return Row(check=check, state=WARN, found=f"not asked ({found.reason})", needed=needed)
    said = [f"{each['name']}: {each['insightStatus'].get('reason', each['insightStatus']['status'])}" for each in found]
    errors = [each for each in found if each["insightStatus"]["status"] == "ERROR"]
    if not found:
        return Row(check=check, state=OK, found="none", needed=needed)
    step = "aws eks describe-insight tells the resources; what is mended may show for a day."
    state = PROBLEM if errors and not back else WARN
    return Row(check=check, state=state, found="; ".join(said), needed=needed, step=step)


def addresses_row(free: Mapping[str, int]) -> Row:
    """Check that EKS can put new network interfaces beside the old ones."""
    found = ", ".join(f"{subnet}: {count} free" for subnet, count in free.items())
    state, step = OK, ""
    if any(count < ADDRESSES for count in free.values()):
        state, step = PROBLEM, "Free some: interfaces of what was deleted, or fewer pods and hosts in that subnet."
    return Row(check="addresses", state=state, found=found, needed=f"{ADDRESSES} in each subnet", step=step)


def nodes_row(nodes: Sequence[Mapping[str, Any]], *, wanted: str) -> Row:
    """Check that every node is ready, not too old, and has another one for its pods when it is drained."""
    needed = f"two or more, all ready, none older than 1.{minor(wanted) - SKEW}"
    unready = [str(node["name"]) for node in nodes if not node["ready"]]
    old = [f"{node['name']} {node['version']}" for node in nodes if minor(wanted) - minor(node["version"]) > SKEW]
    if old:
        step = "Play beacon.platform.upgrade with the cluster's own version first: it brings the nodes to it."
        return Row(check="nodes", state=PROBLEM, found=f"too old: {', '.join(old)}", needed=needed, step=step)
    if unready:
        step = "kubectl describe node names the reason; the monitoring has its metrics."
        return Row(check="nodes", state=PROBLEM, found=f"not ready: {', '.join(unready)}", needed=needed, step=step)
    if len(nodes) < 2:  # noqa: PLR2004 - one that is drained, and one that takes its pods
        step = "Raise infrastructure_node_count, and play beacon.platform.provision."
        return Row(check="nodes", state=PROBLEM, found=f"{len(nodes)}", needed=needed, step=step)
    return Row(check="nodes", state=OK, found=", ".join(f"{n['name']} {n['version']}" for n in nodes), needed=needed)


def budgets_row(budgets: Sequence[Mapping[str, Any]]) -> Row:
    """Name the disruption budgets that would keep a node from being drained."""
    check, needed = "disruption budgets", "each allows one disruption or more"
    blocking = [f"{budget['namespace']}/{budget['name']}" for budget in budgets if not budget["allowed"]]
    if blocking:
        step = "Wait until their pods are ready; or add a replica, or lower minAvailable."
        return Row(check=check, state=PROBLEM, found=f"none allowed by {', '.join(blocking)}", needed=needed, step=step)
    return Row(check=check, state=OK, found=f"{len(budgets)}", needed=needed)


def apis_row(deprecated: Sequence[Mapping[str, str]], *, wanted: str) -> Row:
    """Name the APIs in use that the version no longer has, and those that a later one will not have."""
    check, needed = "deprecated APIs", f"none in use that {wanted} does not have"
    named = {
        f"{'/'.join(filter(None, (api['group'], api['version'], api['resource'])))} until {api['removed']}": api
        for api in deprecated
    }
    gone = [name for name, api in named.items() if api["removed"] and minor(api["removed"]) <= minor(wanted)]
    step = "The audit log names who asks (k8s.io/deprecated); the API server forgets at its restart what was asked."
    if gone:
        return Row(check=check, state=PROBLEM, found=", ".join(gone), needed=needed, step=step)
    if named:
        return Row(check=check, state=WARN, found=", ".join(named), needed=needed, step=step)
    return Row(check=check, state=OK, found="none in use", needed=needed)


def running_row(versions: Mapping[str, str] | Unknown, *, wanted: str, allowed: bool) -> Row:
    """Refuse another version than the cluster's, unless whoever plays checks whether it can change."""
    check, needed = "cluster's version", "the inventory's: a version is changed after checks of its own"
    if isinstance(versions, Unknown):
        return Row(check=check, state=WARN, found=f"not asked ({versions.reason})", needed=needed)
    found = ", ".join(f"{part} {version}" for part, version in versions.items()) or "none yet"
    if allowed or set(versions.values()) <= {wanted}:
        return Row(check=check, state=OK, found=found, needed=wanted)
    step = f"Play beacon.platform.upgrade with -e upgrade_to={wanted}, or set infrastructure_kubernetes_version to the cluster's."
    return Row(check=check, state=PROBLEM, found=f"{found}; the inventory says {wanted}", needed=needed, step=step)
