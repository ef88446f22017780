"""What makes EKS's model real. Jobs run without the model's lock, take it for short looks and writes, and are idempotent."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from moto.core.utils import utcnow

from localcloud.core import runtime
from localcloud.core.errors import DockerFailedError, HopelessError
from localcloud.core.hosts_file import HostNames
from localcloud.docker.spec import File
from localcloud.eks import addons, controlplane, identity, nodes
from localcloud.eks.resources import Health, Issue, endpoint_host

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from moto.ec2.models.vpcs import VPC

    from localcloud.docker.spec import ExecResult, MachineSpec
    from localcloud.eks.base import Clusters
    from localcloud.eks.models import LocalEKSBackend
    from localcloud.eks.resources import Cluster, Update

LOG = logging.getLogger(__name__)
API_SECONDS = 120.0
APPLY_SECONDS = 30.0  # objects that the API server refuses for so long are wrong
ADDON_SECONDS = 180.0
NODES_SECONDS = 180.0
POLL_SECONDS = 0.5
RECHECK_SECONDS = 30.0  # of what is degraded
NAMES = threading.Lock()  # jobs of clusters: the last that writes names is the last that looked
KUBECTL = ("kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--request-timeout=15s")
# kubectl complains about aggregated APIs that are away on the same channel as its answer: only errors may speak
QUIETLY = 'said=$(mktemp); "$0" "$@" 2>"$said"; code=$?; [ $code = 0 ] || cat "$said"; rm -f "$said"; exit $code'


class RefusedError(Exception):
    """The cluster's API server refused something; the message says what."""


# -- clusters


def cluster_key(backend: LocalEKSBackend, name: str) -> str:
    """Return the key of a cluster's job."""
    return f"eks/{backend.region_name}/{name}"


def converge_cluster(backend: LocalEKSBackend, name: str) -> float | None:
    """Make the control plane what the model says, and note how that went."""
    now = runtime.current()
    with now.model.lock:
        cluster = backend.clusters.get(name)
        status = cluster.status if cluster else "DELETING"
        if cluster and status != "DELETING":
            plane, update = backend.control_plane(name), cluster.updating
            vpc = backend.ec2.get_vpc(cluster.resources_vpc_config.vpc_id)
    if cluster is None or status == "DELETING":
        _remove_cluster(backend, name, known=cluster is not None)
        return None
    if status == "FAILED":
        return None
    over = is_over(cluster_key(backend, name), API_SECONDS)
    may_fail = status == "CREATING" or update is not None
    try:
        problem = _start(plane, vpc, status=status)
    except DockerFailedError as error:
        if not may_fail or not (over or isinstance(error, HopelessError)):
            raise
        _give_up(backend, cluster, update, str(error))
        return None
    if problem and over and may_fail:
        _give_up(backend, cluster, update, f"the API server is not ready after {API_SECONDS:.0f} s: {problem}")
        return None
    if problem:
        return POLL_SECONDS
    _note_success(backend, cluster, update, status=status)
    now.queue.submit("packet-filters", now.machines.refresh)
    return None


def _remove_cluster(backend: LocalEKSBackend, name: str, *, known: bool) -> None:
    """Remove the control plane, then the cluster, then what led to it."""
    now = runtime.current()
    _remove_machine(controlplane.machine_name(name, backend.region_name))
    with now.model.transaction():
        if known:
            backend.forget_cluster(name)
    keep_names(backend)


def _remove_machine(machine: str) -> None:
    """Remove a control plane with what its cluster knew: another cluster of its name begins with nothing."""
    now = runtime.current()
    now.machines.remove(machine, volumes=[controlplane.volume_name(now.config.name, machine)])


def _note_success(backend: LocalEKSBackend, cluster: Cluster, update: Update | None, *, status: str) -> None:
    """Note that the control plane is what it was to be, and go on to what runs in it."""
    now = runtime.current()
    keep_names(backend)
    if update:
        with now.model.transaction():
            backend.end_update(cluster, update)
    if status == "CREATING":
        _note_cluster(backend, cluster.name, "ACTIVE")
        LOG.info("cluster %s is active", cluster.name)
    if status == "CREATING" or update:
        backend.push(push_scopes, cluster.name)
    with now.model.lock:
        _apply_self_managed(backend, cluster)


def _give_up(backend: LocalEKSBackend, cluster: Cluster, update: Update | None, problem: str) -> None:
    """Note that a new cluster, or its update, has failed."""
    if update:
        LOG.error("%s of cluster %s: %s", update.type, cluster.name, problem)
        with runtime.current().model.transaction():
            backend.end_update(cluster, update, problem)
    else:
        issue = Issue(code="InternalFailure", message=problem, resource_ids=[cluster.arn])
        _note_cluster(backend, cluster.name, "FAILED", issue)


def keep_names(backend: LocalEKSBackend) -> None:
    """Let this machine find the public API servers, and those only."""
    now = runtime.current()
    hosts = HostNames(path=now.config.hosts_file, label=now.config.label)
    with NAMES:
        with now.model.lock:
            names = backend.public_names()
        hosts.keep(endpoint_host("", backend.region_name), names)


def _apply_self_managed(backend: LocalEKSBackend, cluster: Cluster) -> None:
    for addon in addons.SELF_MANAGED:
        if cluster.needs(addon):
            backend.converge_addon(cluster.name, addon)


def _start(plane: controlplane.ControlPlane, vpc: VPC, *, status: str) -> str:
    """Have the machine run; what its API server says while it is not ready."""
    now = runtime.current()
    spec = _spec(plane, status=status)
    now.networks.ensure_vpc(vpc.id, vpc.cidr_block)
    now.networks.ensure_public()
    if now.machines.image(spec.name) not in ("", spec.image):  # another version: what etcd knows is in a volume
        now.machines.stop(spec.name)
        now.machines.remove(spec.name)
        spec = controlplane.spec(plane)
    now.machines.ensure(spec)
    return _api_problem(spec.name)


def _spec(plane: controlplane.ControlPlane, *, status: str) -> MachineSpec:
    """Return the machine; a running one keeps its files, which `push_*` may have changed since."""
    spec = controlplane.spec(plane)
    if status != "CREATING" and runtime.current().machines.state(spec.name) == "running":
        return replace(spec, files={})
    return spec


def _api_problem(machine: str) -> str:
    """Return the API server's last words while it is not ready."""
    answer = kubectl(machine, "get", "--raw", "/readyz")
    return answer.output.strip()[-300:] or f"exit code {answer.exit_code}" if answer.exit_code else ""


def is_over(key: str, seconds: float) -> bool:
    """Tell whether a key's job has been tried for that long since it was asked for."""
    return runtime.current().queue.trying(key) >= seconds


def push_scopes(backend: Clusters, name: str) -> None:
    """Tell the control plane which policies to bind in which namespaces."""
    with runtime.current().model.lock:
        if name not in backend.clusters or backend.clusters[name].status == "CREATING":
            return  # converge_cluster comes back to it
        scopes = identity.namespaced_scopes(backend.clusters[name].access_entries.values())
    _put(backend, name, controlplane.SCOPES_FILE, File(content=json.dumps(scopes)))


def push_log_types(backend: Clusters, name: str) -> None:
    """Tell the control plane which logs to ship."""
    with runtime.current().model.lock:
        if name not in backend.clusters:
            return
        types = backend.clusters[name].enabled_log_types
    _put(backend, name, controlplane.LOG_TYPES_FILE, controlplane.log_types_file(types))


def push_encryption(backend: Clusters, name: str) -> None:
    """Give the API server its key; a job of its own then writes every secret anew so that it is stored with it."""
    with runtime.current().model.lock:
        if name not in backend.clusters:
            return
        key = backend.clusters[name].plane.encryption_key
    machine = controlplane.machine_name(name, backend.region_name)
    _put(backend, name, controlplane.ENCRYPTION_FILE, File(content=controlplane.encryption(key), mode=0o600))
    restarted = runtime.current().machines.exec(machine, ["systemctl", "restart", "kube-apiserver"])
    if restarted.exit_code:
        raise DockerFailedError(f"{machine}: the API server does not start with its new key: {restarted.output}")
    backend.push(rewrite_secrets, name)


def rewrite_secrets(backend: Clusters, name: str) -> float | None:
    """Write every secret anew, so that it is stored with the present key."""
    with runtime.current().model.lock:
        if name not in backend.clusters:
            return None
    machine = controlplane.machine_name(name, backend.region_name)
    if _api_problem(machine):
        return POLL_SECONDS
    rewrite = " ".join([*KUBECTL, "get secrets -A -o json |", *KUBECTL, "replace -f -"])
    done = runtime.current().machines.exec(machine, ["sh", "-c", rewrite])
    if done.exit_code and "no objects passed" not in done.output:
        raise RefusedError(f"secrets of {name} could not be written with the new key: {done.output.strip()[-300:]}")
    return None


def remove_leftovers(backend: LocalEKSBackend) -> None:
    """Remove control planes of clusters that the model does not have."""
    now = runtime.current()
    with now.model.lock:
        wanted = {controlplane.machine_name(name, backend.region_name) for name in backend.clusters}
    for name in now.machines.names("control-plane"):
        if name.startswith(f"eks-{backend.region_name}-") and name not in wanted:
            LOG.warning("removing %s: no cluster has this machine", name)
            _remove_machine(name)
    keep_names(backend)


def _note_cluster(backend: LocalEKSBackend, name: str, status: str, issue: Issue | None = None) -> None:
    with runtime.current().model.transaction():
        cluster = backend.clusters.get(name)
        if cluster is not None and cluster.status != "DELETING":
            cluster.status = status
            cluster.health = Health(issues=[issue] if issue else [])
    if issue:
        LOG.error("cluster %s: %s", name, issue.message)


# -- add-ons


def addon_key(backend: Clusters, cluster: str, name: str) -> str:
    """Return the key of an add-on's job."""
    return f"eks-addon/{backend.region_name}/{cluster}/{name}"


def converge_addon(backend: Clusters, cluster: str, name: str) -> None:
    """Apply the add-on, or remove it when the model has it no more; a job of its own notes when it runs."""
    now = runtime.current()
    machine = controlplane.machine_name(cluster, backend.region_name)
    with now.model.lock:
        found = backend.clusters.get(cluster)
        if found is None or not found.runs:
            return
        addon = found.addons.get(name)
        wanted = addon is not None or found.needs(name)
        removing = addon is not None and addon.status == "DELETING"
        text = addons.manifest(
            addons.CATALOGUE[name],
            configuration=addon.configuration_values if addon else None,
            cluster_dns=nodes.cluster_dns(found.service_cidr),
            endpoint_address=found.plane.address,
        )
    try:
        if removing:
            _apply(machine, text, "delete", "--ignore-not-found", "--wait=false")
        elif wanted:
            _apply(machine, text, "apply", "--server-side", "--force-conflicts", "--field-manager=eks")
    except RefusedError as error:
        if not removing and is_over(addon_key(backend, cluster, name), APPLY_SECONDS):
            _note_addon(backend, cluster, name, "ConfigurationConflict", str(error))
        raise
    with now.model.transaction():
        if removing:
            found.addons.pop(name, None)
            return
        found.plane.applied.add(name)
    if addon is not None:
        job = partial(watch_addon, backend, cluster, name)
        now.queue.submit(f"{addon_key(backend, cluster, name)}/ready", job)


def watch_addon(backend: Clusters, cluster: str, name: str) -> float | None:
    """Note whether the add-on's workload runs: looked at again until it does."""
    with runtime.current().model.lock:
        found = backend.clusters.get(cluster)
        if found is None or name not in found.addons:
            return None
    workload = addons.CATALOGUE[name].workload
    problem = _workload_problem(controlplane.machine_name(cluster, backend.region_name), workload) if workload else ""
    if workload is None or not problem:
        _note_addon(backend, cluster, name)
        return None
    if not is_over(f"{addon_key(backend, cluster, name)}/ready", ADDON_SECONDS):
        return POLL_SECONDS
    what = f"{workload.kind} {workload.name} in {workload.namespace}"
    problem = f"{what} is not ready after {ADDON_SECONDS:.0f} s: {problem}"
    _note_addon(backend, cluster, name, "InsufficientNumberOfReplicas", problem)
    return RECHECK_SECONDS


def _note_addon(backend: Clusters, cluster: str, name: str, code: str = "", problem: str = "") -> None:
    with runtime.current().model.transaction():
        found = backend.clusters.get(cluster)
        addon = found.addons.get(name) if found else None
        if addon is not None and addon.status != "DELETING":
            addon.status = "DEGRADED" if problem else "ACTIVE"
            issues = [Issue(code=code, message=problem, resource_ids=[addon.arn])] if problem else []
            addon.health = Health(issues=issues)
            addon.modified_at = utcnow()


def _apply(machine: str, text: str, verb: str, *flags: str) -> None:
    if not text:
        return
    command = [*KUBECTL, verb, *flags, "-f", "-"]
    answer = runtime.current().machines.exec(machine, command, stdin=text.encode())
    if answer.exit_code:
        raise RefusedError(f"kubectl {verb}: {answer.output.strip()[-500:]}")


def _workload_problem(machine: str, workload: addons.Workload) -> str:
    """Return why it does not run, or nothing."""
    answer = kubectl(machine, "get", workload.kind, "-n", workload.namespace, workload.name, "-o", "json")
    if not answer.exit_code and addons.is_ready(json.loads(answer.output)):
        return ""
    return answer.output.strip()[-300:] or "no answer" if answer.exit_code else "its pods are not ready"


# -- node groups


def nodegroup_key(backend: LocalEKSBackend, cluster: str, name: str) -> str:
    """Return the key of a node group's job."""
    return f"eks-nodes/{backend.region_name}/{cluster}/{name}"


def converge_nodegroup(backend: LocalEKSBackend, cluster: str, name: str) -> float | None:
    """Note whether the group's nodes are ready; forget a group that is being deleted when its machines are gone."""
    now = runtime.current()
    machine = controlplane.machine_name(cluster, backend.region_name)
    with now.model.lock:
        found = backend.clusters.get(cluster)
        group = found.nodegroups.get(name) if found else None
        status = group.status if group else None
    if found is None or group is None or status in ("CREATE_FAILED", "UPDATING"):
        return None
    if status == "DELETING":
        if any(now.machines.state(instance) != "missing" for instance in group.instances):
            return POLL_SECONDS
        with now.model.transaction():
            found.nodegroups.pop(name, None)
        return None
    desired = group.scaling_config.desired_size
    problem = _missing_nodes(machine, name, desired)
    if problem and not is_over(nodegroup_key(backend, cluster, name), NODES_SECONDS):
        return POLL_SECONDS
    if problem:
        problem = f"the nodes are not ready after {NODES_SECONDS:.0f} s: {problem.strip()[-300:]}"
    with now.model.transaction():
        if group.status == "DELETING" or group.scaling_config.desired_size != desired:
            return 0.0
        created = group.status == "CREATING"
        if created and not problem:
            group.ready_seconds = (utcnow() - group.created_at).total_seconds()
        failed = "CREATE_FAILED" if created else "DEGRADED"
        group.status = failed if problem else "ACTIVE"
        group.health = Health(issues=[Issue(code="NodeCreationFailure", message=problem)] if problem else [])
    return RECHECK_SECONDS if group.status == "DEGRADED" else None


def _missing_nodes(machine: str, group: str, desired: int) -> str:
    try:
        ready = sum(nodes_of(machine, group).values())
    except RefusedError as error:
        return str(error)
    return "" if ready >= desired else f"{ready} of {desired} are"


def nodes_of(machine: str, group: str) -> dict[str, bool]:
    """Return which of a node group's nodes are Ready; those that never came are missing. Raises RefusedError."""
    answer = kubectl(machine, "get", "nodes", "-l", f"eks.amazonaws.com/nodegroup={group}", "-o", "json")
    if answer.exit_code:
        raise RefusedError(answer.output)
    return {node["metadata"]["name"]: _is_ready(node) for node in json.loads(answer.output)["items"]}


def _is_ready(node: Mapping[str, Mapping[str, Sequence[Mapping[str, str]]]]) -> bool:
    conditions = node["status"].get("conditions", [])
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def relabel(backend: LocalEKSBackend, cluster: str, group: str, labels: list[str], taints: list[str]) -> None:
    """Change labels and taints of the nodes that are there."""
    machine = controlplane.machine_name(cluster, backend.region_name)
    selector = f"--selector=eks.amazonaws.com/nodegroup={group}"
    for verb, arguments in (("label", labels), ("taint", taints)):
        if arguments:
            kubectl(machine, verb, "nodes", selector, *arguments, "--overwrite")


def forget_node(backend: LocalEKSBackend, cluster: str, node: str) -> None:
    """Remove a node that is gone from its cluster, and its pods, so that they start elsewhere at once."""
    machine = controlplane.machine_name(cluster, backend.region_name)
    if runtime.current().machines.state(machine) != "running":
        return
    kubectl(machine, "delete", "node", node, "--ignore-not-found", "--wait=false")
    selector = f"--field-selector=spec.nodeName={node}"
    kubectl(machine, "delete", "pods", "-A", selector, "--force", "--grace-period=0", "--wait=false")


# -- helpers


def kubectl(machine: str, *arguments: str) -> ExecResult:
    """Run kubectl as the cluster's administrator, in the control plane: its port is closed to this machine."""
    return runtime.current().machines.exec(machine, ["sh", "-c", QUIETLY, *KUBECTL, *arguments])


def _put(backend: Clusters, cluster: str, path: str, file: File) -> None:
    machine = controlplane.machine_name(cluster, backend.region_name)
    runtime.current().machines.put_files(machine, {path: file})
