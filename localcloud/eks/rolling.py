"""What replaces a node group's nodes, one after the other: a job, as those of jobs.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.utils import utcnow

from localcloud.core import runtime
from localcloud.eks import controlplane, jobs, nodegroups
from localcloud.eks.resources import Health, Issue

if TYPE_CHECKING:
    from localcloud.eks.models import LocalEKSBackend
    from localcloud.eks.resources import Cluster, Nodegroup

# As EKS evicts all pods, also those without a controller (kubectl's --force), as far as disruption budgets let it:
# https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
DRAIN = ("--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=60s")
NOT_READY = "NodeCreationFailure"
# From a target's deregistration until load balancers know of it, and what is under way has been answered; AWS waits for the target
# group's deregistration delay: https://docs.aws.amazon.com/autoscaling/ec2/userguide/attach-load-balancer-asg.html
ANSWERED_SECONDS = 5.0


def roll_nodegroup(backend: LocalEKSBackend, cluster: str, name: str) -> float | None:
    """Replace the next node that was not made of the group's launch template, when all that were are ready."""
    now = runtime.current()
    key, machine = jobs.nodegroup_key(backend, cluster, name), controlplane.machine_name(cluster, backend.region_name)
    with now.model.lock:
        found = backend.clusters.get(cluster)
        group = found.nodegroups.get(name) if found else None
        if found is None or group is None or group.status != "UPDATING":
            return None
        wanted = nodegroups.node_names(backend, group)
        old = {nodegroups.node_name(backend, state): state for state in nodegroups.outdated(backend, group)}
    over = jobs.is_over(key, jobs.NODES_SECONDS)
    try:
        known, may_go = jobs.nodes_of(machine, name), set(old)
    except jobs.RefusedError:
        known, may_go = {}, set()  # without an answer nobody knows who is ready
    if unready := sorted(each for each in wanted if not known.get(each) and each not in may_go):
        if over:
            said = f"not ready after {jobs.NODES_SECONDS:.0f} s: {', '.join(unready)}"
            _end_roll(backend, found, group, NOT_READY, said)
        return None if over else jobs.POLL_SECONDS
    if not old:
        _end_roll(backend, found, group)
        return None
    node = min(old, key=lambda each: known.get(each, False))  # those that are not ready first
    drained = jobs.kubectl(machine, "drain", node, *DRAIN)
    if drained.exit_code and node in known and not group.force:
        if over:
            said = f"{node} can't be drained: {drained.output.strip()[-300:]}"
            _end_roll(backend, found, group, "PodEvictionFailure", said)
        return None if over else jobs.POLL_SECONDS
    now.view.look()
    with now.model.transaction():
        if nodegroups.deregister_node(backend, group, old[node]):
            return ANSWERED_SECONDS
        nodegroups.replace_node(backend, group, old[node])
        backend.converge_nodegroup(cluster, name)  # its time begins anew
    return None


def _end_roll(backend: LocalEKSBackend, cluster: Cluster, group: Nodegroup, code: str = "", problem: str = "") -> None:
    """Note how a group's update ended; what is left of a failed one is done by the next."""
    with runtime.current().model.transaction():
        if group.status == "DELETING":
            return
        cluster.end(group.rolling, code=code, problem=problem)
        group.rolling, group.modified_at = "", utcnow()
        group.status = "DEGRADED" if code == NOT_READY else "ACTIVE"
        group.health = Health(issues=[Issue(code=code, message=problem)] if code == NOT_READY else [])
        if problem:
            backend.converge_nodegroup(cluster.name, group.name)
