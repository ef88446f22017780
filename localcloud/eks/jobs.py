"""What makes EKS's model real. Jobs run without the model's lock, take it for short looks and writes, and are idempotent."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.eks.models import eks_backends

from localcloud.core import runtime
from localcloud.core.errors import DockerFailedError
from localcloud.core.work import Work
from localcloud.docker.spec import File
from localcloud.eks import addons, controlplane, identity, nodes

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.docker.spec import ExecResult

LOG = logging.getLogger(__name__)
API_SECONDS = 120.0
ADDON_SECONDS = 180.0
NODES_SECONDS = 180.0
POLL_SECONDS = 0.4
KUBECTL = ("kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--request-timeout=15s")
# kubectl complains about aggregated APIs that are away on the same channel as its answer: only errors may speak
QUIETLY = 'said=$(mktemp); "$0" "$@" 2>"$said"; code=$?; [ $code = 0 ] || cat "$said"; rm -f "$said"; exit $code'


# These jobs wait for what EC2's jobs do: threads of their own, or they would wait for each other.
WORK = Work(threads=16)


class NotReadyError(Exception):
    """Something inside the cluster didn't happen in time; the message says what."""


class RefusedError(Exception):
    """The cluster's API server refused something; the message says what."""


# -- clusters


def converge_cluster(account: str, region: str, name: str) -> None:
    """Make the control plane what the model says, and note how that went."""
    now = runtime.current()
    backend: Any = eks_backends[account][region]
    machine = controlplane.machine_name(name, region)
    with now.model.lock:
        cluster = backend.clusters.get(name)
        status: str = cluster.status if cluster else "DELETING"
        if status != "DELETING":
            plane = backend.control_plane(name)
            vpc: Any = ec2_backends[account][region].get_vpc(cluster.resources_vpc_config["vpcId"])
    if status == "DELETING":
        now.machines.remove(machine)
        with now.model.transaction():
            if cluster is not None:
                backend.forget_cluster(name)
        return
    if status == "FAILED":
        return
    try:
        now.networks.ensure_vpc(vpc.id, vpc.cidr_block)
        now.machines.ensure(_spec(plane, status=status))
        wait_for_api(machine)
    except (DockerFailedError, NotReadyError) as error:
        LOG.error("cluster %s: %s", name, error)  # noqa: TRY400 - the reason is in the message, a trace adds nothing
        if status == "CREATING":
            _note_cluster(backend, name, "FAILED", [_issue("InternalFailure", str(error), [cluster.arn])])
            return
        raise
    if status == "CREATING":
        _note_cluster(backend, name, "ACTIVE", [])
        LOG.info("cluster %s is active", name)
        backend.push_scopes(name)
    with now.model.lock:
        for addon in addons.SELF_MANAGED if cluster.beacon_self_managed else ():
            if addon not in backend.items[name]["addon"] and addon not in backend.planes[name].applied:
                backend.converge_addon(name, addon)
    now.work.submit("packet-filters", now.machines.refresh)


def _spec(plane: controlplane.ControlPlane, *, status: str) -> Any:
    """Return the machine; a running one keeps its files, which `push_*` may have changed since."""
    spec = controlplane.spec(plane)
    if status != "CREATING" and runtime.current().machines.state(spec.name) == "running":
        return replace(spec, files={})
    return spec


def wait_for_api(machine: str) -> None:
    """Wait until the API server is ready; NotReadyError with its last words after API_SECONDS."""
    _wait(
        lambda: "" if (answer := kubectl(machine, "get", "--raw", "/readyz")).exit_code == 0 else answer.output,
        seconds=API_SECONDS,
        what="the API server is not ready",
    )


def push_scopes(account: str, region: str, name: str) -> None:
    """Tell the control plane which policies to bind in which namespaces."""
    backend: Any = eks_backends[account][region]
    with runtime.current().model.lock:
        if name not in backend.clusters or backend.clusters[name].status == "CREATING":
            return  # converge_cluster comes back to it
        scopes = identity.namespaced_scopes(backend.entries(name))
    _put(name, region, controlplane.SCOPES_FILE, File(content=json.dumps(scopes)))


def push_log_types(account: str, region: str, name: str) -> None:
    """Tell the control plane which logs to ship."""
    backend: Any = eks_backends[account][region]
    with runtime.current().model.lock:
        if name not in backend.clusters:
            return
        types = controlplane.enabled_log_types(backend.clusters[name].logging)
    _put(name, region, controlplane.LOG_TYPES_FILE, controlplane.log_types_file(types))


def push_encryption(account: str, region: str, name: str) -> None:
    """Give the API server its key, then write every secret anew so that it is stored with it."""
    backend: Any = eks_backends[account][region]
    with runtime.current().model.lock:
        if name not in backend.clusters:
            return
        key = backend.planes[name].encryption_key
    machine = controlplane.machine_name(name, region)
    _put(name, region, controlplane.ENCRYPTION_FILE, File(content=controlplane.encryption(key), mode=0o600))
    restarted = runtime.current().machines.exec(machine, ["systemctl", "restart", "kube-apiserver"])
    if restarted.exit_code:
        raise DockerFailedError(f"{machine}: the API server does not start with its new key: {restarted.output}")
    wait_for_api(machine)
    rewrite = " ".join([*KUBECTL, "get secrets -A -o json |", *KUBECTL, "replace -f -"])
    done = runtime.current().machines.exec(machine, ["sh", "-c", rewrite])
    if done.exit_code and "no objects passed" not in done.output:
        raise RefusedError(f"secrets of {name} could not be written with the new key: {done.output.strip()[-300:]}")


def remove_leftovers(account: str, region: str) -> None:
    """Remove control planes of clusters that the model does not have."""
    now = runtime.current()
    backend: Any = eks_backends[account][region]
    with now.model.lock:
        wanted = {controlplane.machine_name(name, region) for name in backend.clusters}
    for name in now.machines.names("control-plane"):
        if name.startswith(f"eks-{region}-") and name not in wanted:
            LOG.warning("removing %s: no cluster has this machine", name)
            now.machines.remove(name)


def _note_cluster(backend: Any, name: str, status: str, issues: list[dict[str, Any]]) -> None:
    with runtime.current().model.transaction():
        cluster = backend.clusters.get(name)
        if cluster is not None and cluster.status != "DELETING":
            cluster.status = status
            cluster.health = {"issues": issues}


# -- add-ons


def converge_addon(account: str, region: str, cluster: str, name: str) -> None:
    """Apply the add-on, or remove it when the model has it no more; note when it runs."""
    now = runtime.current()
    backend: Any = eks_backends[account][region]
    machine = controlplane.machine_name(cluster, region)
    addon = addons.CATALOGUE[name]
    with now.model.lock:
        found = backend.clusters.get(cluster)
        if found is None or found.status != "ACTIVE":
            return
        plane = backend.planes[cluster]
        item = backend.items[cluster]["addon"].get(name)
        wanted = item is not None or (found.beacon_self_managed and name not in plane.applied)
        removing = item is not None and item["status"] == "DELETING"
        configuration = (item or {}).get("configurationValues")
        text = addons.manifest(
            addon,
            configuration=configuration,
            cluster_dns=nodes.cluster_dns(found.kubernetes_network_config["serviceIpv4Cidr"]),
            endpoint_address=plane.address,
        )
    code, problem = "", ""
    try:
        if removing:
            _apply(machine, text, "delete", "--ignore-not-found", "--wait=false")
        elif wanted:
            _apply(machine, text, "apply", "--server-side", "--force-conflicts", "--field-manager=eks")
    except RefusedError as error:
        code, problem = "ConfigurationConflict", str(error)
    with now.model.transaction():
        items = backend.items[cluster]["addon"]
        if removing and not problem:
            items.pop(name, None)
            return
        plane.applied.add(name)
    if item is None:
        return
    if not problem and addon.workload is not None:
        try:
            _wait_for_workload(machine, addon.workload)
        except NotReadyError as error:
            code, problem = "InsufficientNumberOfReplicas", str(error)
    with now.model.transaction():
        if (item := items.get(name)) is not None and item["status"] != "DELETING":
            item["status"] = "DEGRADED" if problem else "ACTIVE"
            item["health"] = {"issues": [_issue(code, problem, [item["addonArn"]])] if problem else []}
            item["modifiedAt"] = utcnow()


def _apply(machine: str, text: str, verb: str, *flags: str) -> None:
    if not text:
        return
    command = [*KUBECTL, verb, *flags, "-f", "-"]
    answer = runtime.current().machines.exec(machine, command, stdin=text.encode())
    if answer.exit_code:
        raise RefusedError(f"kubectl {verb}: {answer.output.strip()[-500:]}")


def _wait_for_workload(machine: str, workload: addons.Workload) -> None:
    """Wait until it runs; NotReadyError with what is missing after ADDON_SECONDS."""

    def missing() -> str:
        answer = kubectl(machine, "get", workload.kind, "-n", workload.namespace, workload.name, "-o", "json")
        if answer.exit_code:
            return answer.output
        return "" if addons.is_ready(json.loads(answer.output)) else "its pods are not ready"

    what = f"{workload.kind} {workload.name} in {workload.namespace} is not ready"
    _wait(missing, seconds=ADDON_SECONDS, what=what, pause=1.0)


# -- node groups


def converge_nodegroup(account: str, region: str, cluster: str, name: str) -> None:
    """Wait for the group's nodes and note the outcome; forget a group that is being deleted when its machines are gone."""
    now = runtime.current()
    backend: Any = eks_backends[account][region]
    machine = controlplane.machine_name(cluster, region)
    with now.model.lock:
        found = backend.clusters.get(cluster)
        group = found.nodegroups.get(name) if found else None
        status = group.status if group else None
        desired = group.scaling_config["desiredSize"] if group else 0
        instances = group.beacon_instances if group and status == "DELETING" else []
    if group is None:
        return
    if status == "DELETING":
        _wait(
            lambda: ", ".join(i for i in instances if now.machines.state(i) != "missing"),
            seconds=NODES_SECONDS,
            what="machines are still there",
        )
        with now.model.transaction():
            found.nodegroups.pop(name, None)
        return
    problem = ""
    try:
        _wait(lambda: _missing_nodes(machine, name, desired), seconds=NODES_SECONDS, what="the nodes are not ready")
    except NotReadyError as error:
        problem = str(error)
    with now.model.transaction():
        group = found.nodegroups.get(name)
        if group is None or group.status == "DELETING" or group.scaling_config["desiredSize"] != desired:
            return
        created = group.status == "CREATING"
        if created and not problem:
            group.beacon_ready_seconds = (utcnow() - group.created_at).total_seconds()
        failed = "CREATE_FAILED" if created else "DEGRADED"
        group.status = failed if problem else "ACTIVE"
        group.health = {"issues": [_issue("NodeCreationFailure", problem, [])] if problem else []}


def _missing_nodes(machine: str, group: str, desired: int) -> str:
    answer = kubectl(machine, "get", "nodes", "-l", f"eks.amazonaws.com/nodegroup={group}", "-o", "json")
    if answer.exit_code:
        return answer.output
    ready = [node for node in json.loads(answer.output)["items"] if _is_ready(node)]
    return "" if len(ready) >= desired else f"{len(ready)} of {desired} are"


def _is_ready(node: dict[str, Any]) -> bool:
    conditions = node["status"].get("conditions", [])
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def relabel(region: str, cluster: str, group: str, labels: list[str], taints: list[str]) -> None:
    """Change labels and taints of the nodes that are there."""
    machine = controlplane.machine_name(cluster, region)
    selector = f"--selector=eks.amazonaws.com/nodegroup={group}"
    for verb, arguments in (("label", labels), ("taint", taints)):
        if arguments:
            kubectl(machine, verb, "nodes", selector, *arguments, "--overwrite")


def forget_node(region: str, cluster: str, node: str) -> None:
    """Remove a node that is gone from its cluster, and its pods, so that they start elsewhere at once."""
    machine = controlplane.machine_name(cluster, region)
    if runtime.current().machines.state(machine) != "running":
        return
    kubectl(machine, "delete", "node", node, "--ignore-not-found", "--wait=false")
    selector = f"--field-selector=spec.nodeName={node}"
    kubectl(machine, "delete", "pods", "-A", selector, "--force", "--grace-period=0", "--wait=false")


# -- helpers


def kubectl(machine: str, *arguments: str) -> ExecResult:
    """Run kubectl as the cluster's administrator, in the control plane: its port is closed to this machine."""
    return runtime.current().machines.exec(machine, ["sh", "-c", QUIETLY, *KUBECTL, *arguments])


def _put(cluster: str, region: str, path: str, file: File) -> None:
    runtime.current().machines.put_files(controlplane.machine_name(cluster, region), {path: file})


def _wait(problem: Callable[[], str], *, seconds: float, what: str, pause: float = POLL_SECONDS) -> None:
    """Ask until there is no problem left; NotReadyError with the last one when the time is over."""
    end = time.monotonic() + seconds
    while last := problem():
        if time.monotonic() > end:
            raise NotReadyError(f"{what} after {seconds:.0f} s: {last.strip()[-300:]}")
        time.sleep(pause)


def _issue(code: str, message: str, resources: list[str]) -> dict[str, Any]:
    return {"code": code, "message": message, "resourceIds": resources}
