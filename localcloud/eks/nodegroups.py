"""Managed node groups: an instance profile, a launch template and an Auto Scaling group, whose instances become nodes."""

from __future__ import annotations

import base64
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.autoscaling.models import autoscaling_backends
from moto.core.types import Base64EncodedString
from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.eks.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.eks.models import eks_backends
from moto.iam.models import iam_backends

from localcloud.core import runtime
from localcloud.eks import addons, jobs, nodes
from localcloud.iam.sources import assumable

if TYPE_CHECKING:
    from contextlib import ExitStack

    from localcloud.docker.spec import MachineSpec

LOG = logging.getLogger(__name__)
AMI_LOCATION = "node"
CLUSTER_TAG = "eks:cluster-name"
GROUP_TAG = "eks:nodegroup-name"
RELEASE = f"{addons.KUBERNETES_VERSION}.3-20260903"
NOT_ASSUMABLE = "Role with arn: %s, could not be assumed because it does not exist or the trusted entity is not correct"
DEFAULT_TYPE = "t3.medium"
MEMINFO = Path("/proc/meminfo")


def check(cluster: str, settings: dict[str, Any]) -> None:
    """Refuse what can't be made, before anything is changed."""

    def refuse(message: str) -> None:
        raise InvalidParameterException(clusterName=cluster, message=message)

    for taint in settings.get("taints") or []:
        if taint.get("effect") not in nodes.EFFECTS:
            refuse(f"The taint effect {taint.get('effect')} is not allowed: {', '.join(nodes.EFFECTS)} are")
    check_sizes(cluster, settings.get("scaling_config") or {})
    for kind in settings.get("instance_types") or []:
        if kind not in INSTANCE_TYPES:
            refuse(f"The instance type {kind} is not known: choose one that EC2 has, {DEFAULT_TYPE} for example")
    version = settings.get("version") or addons.KUBERNETES_VERSION
    if version != addons.KUBERNETES_VERSION:
        refuse(f"unsupported Kubernetes version {version}: the local cloud runs {addons.KUBERNETES_VERSION}")
    check_release(cluster, settings.get("release_version"))
    if not assumable(settings.get("node_role") or "", "ec2.amazonaws.com"):
        refuse(NOT_ASSUMABLE % settings.get("node_role"))


def check_release(cluster: str, release: str | None) -> None:
    """Refuse a release of the AMI that is not offered."""
    if release and release != RELEASE:
        message = f"Requested release version {release} is not valid for the local cloud: {RELEASE} is."
        raise InvalidParameterException(clusterName=cluster, message=message)


def check_sizes(cluster: str, scaling: dict[str, int]) -> None:
    """Refuse sizes that contradict each other."""
    low, wanted, high = (scaling.get(key) for key in ("minSize", "desiredSize", "maxSize"))
    if low is not None and wanted is not None and high is not None and not low <= wanted <= high:
        message = f"scalingConfig: minSize {low} <= desiredSize {wanted} <= maxSize {high} does not hold"
        raise InvalidParameterException(clusterName=cluster, message=message)


def create(backend: Any, cluster: Any, group: Any, settings: dict[str, Any], undo: ExitStack) -> None:
    """Make what EKS makes for a group: role's profile and access entry, launch template, Auto Scaling group.

    `undo` learns how each of them is removed again, should a later one fail.
    """
    name = f"eks-{group.uuid}"
    group.status = "CREATING"
    group.health = {"issues": []}
    group.version = group.version if group.version == addons.KUBERNETES_VERSION else addons.KUBERNETES_VERSION
    group.release_version = settings.get("releaseVersion") or RELEASE
    group.update_config = settings.get("updateConfig") or {"maxUnavailable": 1}
    group.node_repair_config = settings.get("nodeRepairConfig")
    if not settings.get("remoteAccess"):
        group.remote_access = None
    if not settings.get("scalingConfig"):
        group.scaling_config = {"minSize": 1, "maxSize": 2, "desiredSize": 2}
    iam = iam_backends[backend.account_id]["aws"]
    role = group.node_role.rpartition("/")[2]
    iam.create_instance_profile(name, "/", [])
    undo.callback(iam.delete_instance_profile, name, ignore_attached_roles=True)
    iam.add_role_to_instance_profile(name, role)
    if group.node_role not in backend.items[cluster.name]["access entry"]:
        backend.create_access_entry(cluster.name, group.node_role, {"type": "EC2_LINUX"})
        undo.callback(backend.delete_item, cluster.name, "access entry", group.node_role)
    template = _launch_template(backend, cluster, group, name)
    ec2: Any = ec2_backends[backend.account_id][backend.region_name]
    undo.callback(ec2.delete_launch_template, None, template.id)
    asg = f"eks-{group.nodegroup_name}-{group.uuid}"
    tags = {
        CLUSTER_TAG: cluster.name,
        GROUP_TAG: group.nodegroup_name,
        f"kubernetes.io/cluster/{cluster.name}": "owned",
        f"k8s.io/cluster-autoscaler/{cluster.name}": "owned",
        "k8s.io/cluster-autoscaler/enabled": "true",
    }
    group.resources = {"autoScalingGroups": [{"name": asg}]}
    group.beacon_launch_template = template.id
    scaling = group.scaling_config
    propagated: Any = [{"Key": k, "Value": v, "ResourceId": asg, "PropagateAtLaunch": True} for k, v in tags.items()]
    autoscaling_backends[backend.account_id][backend.region_name].create_auto_scaling_group(
        name=asg,
        availability_zones=[],
        desired_capacity=scaling["desiredSize"],
        max_size=scaling["maxSize"],
        min_size=scaling["minSize"],
        launch_config_name="",
        launch_template={"LaunchTemplateId": template.id, "Version": "1"},
        vpc_zone_identifier=",".join(group.subnets),
        default_cooldown=None,
        health_check_period=15,
        health_check_type="EC2",
        load_balancers=[],
        target_group_arns=[],
        placement_group=None,
        termination_policies=[],
        tags=propagated,
    )


def resize(backend: Any, group: Any, scaling: dict[str, int]) -> None:
    """Give the Auto Scaling group its new sizes."""
    group.scaling_config = {**group.scaling_config, **{k: v for k, v in scaling.items() if v is not None}}
    asg = auto_scaling_group(backend, group)
    if asg is None:
        raise ResourceNotFoundException(
            message=f"The Auto Scaling group of {group.nodegroup_name} is gone: delete the node group"
        )
    asg.min_size, asg.max_size = group.scaling_config["minSize"], group.scaling_config["maxSize"]
    asg.set_desired_capacity(group.scaling_config["desiredSize"])


def relabel(backend: Any, group: Any, *, labels: dict[str, Any], taints: dict[str, Any]) -> None:
    """Change labels and taints: for coming nodes in the model, on the present ones by a job."""
    given, gone = labels.get("addOrUpdateLabels") or {}, labels.get("removeLabels") or []
    group.labels = {k: v for k, v in {**(group.labels or {}), **given}.items() if k not in gone}
    added, removed = taints.get("addOrUpdateTaints") or [], taints.get("removeTaints") or []
    for taint in added:
        if taint.get("effect") not in nodes.EFFECTS:
            message = f"The taint effect {taint.get('effect')} is not allowed: {', '.join(nodes.EFFECTS)} are"
            raise InvalidParameterException(message=message)
    changed = {(taint["key"], taint["effect"]) for taint in (*added, *removed)}
    kept = [taint for taint in group.taints or [] if (taint["key"], taint["effect"]) not in changed]
    group.taints = [*kept, *added]
    arguments = [[f"{key}={value}" for key, value in given.items()] + [f"{key}-" for key in gone]]
    taint_arguments = [f"{t['key']}={t.get('value') or ''}:{nodes.EFFECTS[t['effect']]}" for t in added]
    taint_arguments += [f"{t['key']}:{nodes.EFFECTS[t['effect']]}-" for t in removed]
    job = partial(
        jobs.relabel, backend.region_name, group.cluster_name, group.nodegroup_name, arguments[0], taint_arguments
    )
    runtime.current().queue.submit(f"eks-relabel/{group.arn}", job)


def replace_template(backend: Any, group: Any, template: dict[str, str] | None) -> None:
    """Give the group another launch template: it holds for the nodes that come."""
    if not template:
        return
    cluster = backend.describe_cluster(group.cluster_name)
    group.launch_template = {**(group.launch_template or {}), **{k: v for k, v in template.items() if v is not None}}
    ec2: Any = ec2_backends[backend.account_id][backend.region_name]
    ec2.delete_launch_template(None, group.beacon_launch_template)
    made = _launch_template(backend, cluster, group, f"eks-{group.uuid}")
    group.beacon_launch_template = made.id
    asg = auto_scaling_group(backend, group)
    if asg is not None:
        asg.ec2_launch_template = made
        asg.launch_template_version = "1"


def delete(backend: Any, group: Any) -> None:
    """Remove what was made; the machines go by their own jobs."""
    autoscaling = autoscaling_backends[backend.account_id][backend.region_name]
    asg = auto_scaling_group(backend, group)
    group.beacon_instances = [state.instance.id for state in asg.instance_states] if asg is not None else []
    if asg is not None:
        autoscaling.delete_auto_scaling_group(asg.name)
    ec2: Any = ec2_backends[backend.account_id][backend.region_name]
    if group.beacon_launch_template in ec2.launch_templates:
        ec2.delete_launch_template(None, group.beacon_launch_template)
    iam = iam_backends[backend.account_id]["aws"]
    name = f"eks-{group.uuid}"
    if name in iam.instance_profiles:
        iam.delete_instance_profile(name, ignore_attached_roles=True)


def auto_scaling_group(backend: Any, group: Any) -> Any:
    """Return the group's Auto Scaling group; None when somebody deleted it."""
    name = group.resources["autoScalingGroups"][0]["name"]
    return autoscaling_backends[backend.account_id][backend.region_name].autoscaling_groups.get(name)


def _launch_template(backend: Any, cluster: Any, group: Any, name: str) -> Any:
    """Merge the user's launch template with what EKS adds, as a template of EKS's own."""
    ec2: Any = ec2_backends[backend.account_id][backend.region_name]
    given: dict[str, Any] = {}
    if group.launch_template:
        template = ec2.get_launch_template(group.launch_template["id"])
        version = str(group.launch_template.get("version") or template.default_version_number)
        group.launch_template["version"] = version
        given = dict(template.get_version(version).data)
    allowed = {"MetadataOptions", "TagSpecifications", "BlockDeviceMappings", "KeyName", "Monitoring", "EbsOptimized"}
    data: dict[str, Any] = {key: value for key, value in given.items() if key in allowed}
    groups = given.get("SecurityGroupIds") or given.get("SecurityGroupId") or []
    user_data = nodes.user_data(
        cluster=cluster.name,
        endpoint=cluster.endpoint,
        ca=backend.planes[cluster.name].certificate_authority,
        service_cidr=cluster.kubernetes_network_config["serviceIpv4Cidr"],
    )
    data |= {
        "ImageId": given.get("ImageId") or _image(ec2),
        "InstanceType": given.get("InstanceType") or (group.instance_types or [DEFAULT_TYPE])[0],
        "SecurityGroupIds": groups or [cluster.resources_vpc_config["clusterSecurityGroupId"]],
        "IamInstanceProfile": {"Name": name},
        "UserData": Base64EncodedString(base64.b64encode(user_data.encode()).decode()),
    }
    return ec2.create_launch_template(name, f"of EKS node group {group.nodegroup_name}", data, {})


def _image(ec2: Any) -> str:
    for ami in ec2.amis.values():
        if ami.image_location == AMI_LOCATION:
            return str(ami.id)
    raise InvalidParameterException(message="The local cloud has no AMI for EKS nodes: ec2/amis.json must have one.")


class NodeHook:
    """Turns instances of node groups into nodes."""

    def prepare(self, instance: Any, spec: MachineSpec) -> MachineSpec:
        """Add the node's files to the machine."""
        ec2 = instance.ec2_backend
        found = _owner(instance)
        if found is None:
            return spec
        backend, cluster, group = found
        _give_profile(ec2, instance, f"eks-{group.uuid}")
        now = runtime.current()
        now.registry.authority.ensure()
        nic = instance.nics[0]
        labels = {
            "eks.amazonaws.com/nodegroup": group.nodegroup_name,
            "eks.amazonaws.com/nodegroup-image": instance.image_id,
            "eks.amazonaws.com/capacityType": group.capacity_type or "ON_DEMAND",
            **(group.labels or {}),
        }
        config = nodes.NodeConfig(
            cluster=cluster.name,
            region=backend.region_name,
            endpoint=cluster.endpoint,
            certificate_authority=backend.planes[cluster.name].certificate_authority,
            service_cidr=cluster.kubernetes_network_config["serviceIpv4Cidr"],
            name=nodes.node_name(nic.private_ip_address, backend.region_name),
            instance_id=instance.id,
            instance_type=instance.instance_type,
            zone=nic.subnet.availability_zone,
            address=nic.private_ip_address,
            vpc_cidr=ec2.get_vpc(nic.vpc_id).cidr_block,
            memory_mib=INSTANCE_TYPES[instance.instance_type]["MemoryInfo"]["SizeInMiB"],
            host_memory_mib=_host_memory_mib(),
            labels=labels,
            taints=group.taints or [],
            api=now.config.endpoint_inside,
            registry=now.config.registry,
            registry_ca=now.registry.authority.certificate_path.read_text(),
        )
        return nodes.extend(spec, config)

    def launched(self, instance: Any) -> None:
        """Have the node group's status follow."""
        found = _owner(instance)
        if found is not None:
            backend, cluster, group = found
            if group.status != "DELETING":
                backend.converge_nodegroup(cluster.name, group.nodegroup_name)

    def terminated(self, instance: Any) -> None:
        """Take the node out of its cluster."""
        tags = _tags(instance)
        cluster = tags.get(CLUSTER_TAG)
        if not cluster or GROUP_TAG not in tags:
            return
        region = instance.ec2_backend.region_name
        name = nodes.node_name(instance.nics[0].private_ip_address, region)
        runtime.current().queue.submit(f"eks-forget/{instance.id}", partial(jobs.forget_node, region, cluster, name))


def _owner(instance: Any) -> tuple[Any, Any, Any] | None:
    """Return the backend, the cluster and the node group of an instance; None for other instances."""
    tags = _tags(instance)
    ec2 = instance.ec2_backend
    backend: Any = eks_backends[ec2.account_id][ec2.region_name]
    cluster = backend.clusters.get(tags.get(CLUSTER_TAG))
    group = cluster.nodegroups.get(tags.get(GROUP_TAG)) if cluster else None
    return (backend, cluster, group) if group is not None else None


def _tags(instance: Any) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in instance.get_tags()}


def _give_profile(ec2: Any, instance: Any, profile: str) -> None:
    """Associate the instance profile: moto leaves a launch template's own out."""
    if instance.id not in ec2.iam_instance_profile_associations:
        ec2.associate_iam_instance_profile(instance.id, iam_instance_profile_name=profile)


def _host_memory_mib() -> int:
    fields = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines())
    return int(fields["MemTotal"].split()[0]) // 1024


NODES = NodeHook()
