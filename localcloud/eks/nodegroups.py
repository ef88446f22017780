"""Managed node groups: an instance profile, a launch template and an Auto Scaling group, whose instances become nodes."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from moto.autoscaling.models import autoscaling_backends
from moto.core.types import Base64EncodedString
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.eks.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.iam.models import iam_backends

from localcloud.core import runtime
from localcloud.ec2 import machine
from localcloud.eks import base, jobs, nodes
from localcloud.eks.resources import LaunchTemplate
from localcloud.eks.versions import VERSIONS
from localcloud.iam.sources import assumable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack

    from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState
    from moto.ec2.models import EC2Backend
    from moto.ec2.models.launch_templates import LaunchTemplate as Template

    from localcloud.eks.models import LocalEKSBackend
    from localcloud.eks.resources import Cluster, Nodegroup, ScalingConfig, Taint
    from localcloud.eks.versions import Version

AMI_LOCATION = "node"  # with the version's suffix
CLUSTER_TAG = "eks:cluster-name"
GROUP_TAG = "eks:nodegroup-name"
TEMPLATE_TAG = "aws:ec2launchtemplate:id"
NOT_ASSUMABLE = "Role with arn: %s, could not be assumed because it does not exist or the trusted entity is not correct"
DEFAULT_TYPE = "t3.medium"
TEMPLATE_KEYS = ("MetadataOptions", "TagSpecifications", "BlockDeviceMappings", "KeyName", "Monitoring", "EbsOptimized")


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What UpdateNodegroupConfig asks of labels and taints."""

    labels: Mapping[str, str] = field(default_factory=dict)
    labels_gone: tuple[str, ...] = ()
    taints: tuple[Taint, ...] = ()
    taints_gone: tuple[Taint, ...] = ()


def check(group: Nodegroup, plane: str) -> None:
    """Refuse what can't be made for a control plane of this version, before anything is changed."""
    cluster = group.cluster_name
    check_sizes(cluster, group.scaling_config)
    for kind in group.instance_types:
        if kind not in INSTANCE_TYPES:
            message = f"The instance type {kind} is not known: choose one that EC2 has, {DEFAULT_TYPE} for example"
            raise InvalidParameterException(clusterName=cluster, message=message)
    check_versions(cluster, base.version_of(cluster, group.version), group.release_version, plane=plane)
    if not assumable(group.node_role, "ec2.amazonaws.com"):
        raise InvalidParameterException(clusterName=cluster, message=NOT_ASSUMABLE % group.node_role)


def check_versions(cluster: str, version: Version, release: str, *, plane: str) -> None:
    """Refuse nodes that are newer than their control plane, and releases of the AMI that are none of the version's.

    https://kubernetes.io/releases/version-skew-policy/#kubelet
    """
    if version.number > VERSIONS[plane].number:
        message = f"Nodegroup Kubernetes version {version.name} can't be newer than the cluster's, which is {plane}"
        raise InvalidParameterException(clusterName=cluster, message=message)
    if release != version.release:
        message = (
            f"Requested release version {release} is not valid for kubernetes version {version.name}: "
            f"{version.release} is."
        )
        raise InvalidParameterException(clusterName=cluster, message=message)


def require_image(backend: LocalEKSBackend, cluster: str, version: Version) -> None:
    """Refuse a version that the engine has no image of."""
    config = runtime.current().config
    base.require_image(cluster, machine.image_of(backend.ec2, _image(backend.ec2, version), config))


def check_sizes(cluster: str, sizes: ScalingConfig) -> None:
    """Refuse sizes that contradict each other; words: https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2508."""
    low, wanted, high = sizes.min_size, sizes.desired_size, sizes.max_size
    if low > wanted:
        message = f"Minimum capacity {low} can't be greater than desired size {wanted}"
        raise InvalidParameterException(clusterName=cluster, message=message)
    if wanted > high:
        message = f"desiredSize {wanted} can't be greater than maxSize {high}"
        raise InvalidParameterException(clusterName=cluster, message=message)


def check_template(group: Nodegroup) -> None:
    """Refuse beside a launch template what belongs into it."""
    if group.disk_size:
        raise InvalidParameterException(message="Disk size must be specified within the launch template.")
    if group.remote_access:
        message = "Remote access configuration cannot be specified with a launch template."
        raise InvalidParameterException(message=message)


def user_template(ec2: EC2Backend, given: Mapping[str, str]) -> LaunchTemplate:
    """Return the launch template that a user names by its ID or its name, of the default version unless one is given."""
    if not (given.get("id") or given.get("name")):
        raise InvalidParameterException(message="launchTemplate names no launch template: give its id or its name")
    found = ec2.get_launch_template(given["id"]) if given.get("id") else ec2.get_launch_template_by_name(given["name"])
    version = str(given.get("version") or found.default_version_number)
    return LaunchTemplate(id=found.id, name=found.name, version=version)


def create(backend: LocalEKSBackend, cluster: Cluster, group: Nodegroup, undo: ExitStack) -> None:
    """Make what EKS makes for a group: role's profile and access entry, launch template, Auto Scaling group.

    `undo` learns how each of them is removed again, should a later one fail.
    """
    iam, ec2 = iam_backends[backend.account_id]["aws"], backend.ec2
    iam.create_instance_profile(group.internal_name, "/", [])
    undo.callback(iam.delete_instance_profile, group.internal_name, ignore_attached_roles=True)
    iam.add_role_to_instance_profile(group.internal_name, group.node_role.rpartition("/")[2])
    if group.node_role not in cluster.access_entries:
        backend.create_access_entry(cluster.name, group.node_role, kind="EC2_LINUX")
        undo.callback(cluster.access_entries.pop, group.node_role)
    template = _launch_template(ec2, cluster, group)
    undo.callback(ec2.delete_launch_template, "", template.id)
    group.template_id = template.id
    tags = {
        CLUSTER_TAG: cluster.name,
        GROUP_TAG: group.name,
        f"kubernetes.io/cluster/{cluster.name}": "owned",
        f"k8s.io/cluster-autoscaler/{cluster.name}": "owned",
        "k8s.io/cluster-autoscaler/enabled": "true",
    }
    asg, scaling = group.auto_scaling_group, group.scaling_config
    autoscaling_backends[backend.account_id][backend.region_name].create_auto_scaling_group(
        name=asg,
        availability_zones=[],
        desired_capacity=scaling.desired_size,
        max_size=scaling.max_size,
        min_size=scaling.min_size,
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
        tags=[
            {"Key": k, "Value": v, "ResourceId": asg, "PropagateAtLaunch": True}  # type: ignore[dict-item]  # moto reads a bool
            for k, v in tags.items()
        ],
    )


def resize(backend: LocalEKSBackend, group: Nodegroup, sizes: ScalingConfig) -> None:
    """Give the Auto Scaling group its new sizes."""
    check_sizes(group.cluster_name, sizes)
    asg = auto_scaling_group(backend, group)
    if asg is None:
        raise ResourceNotFoundException(
            message=f"The Auto Scaling group of {group.name} is gone: delete the node group"
        )
    group.scaling_config = sizes
    asg.min_size, asg.max_size = sizes.min_size, sizes.max_size
    asg.set_desired_capacity(sizes.desired_size)


def relabel(backend: LocalEKSBackend, group: Nodegroup, changes: Changes) -> None:
    """Change labels and taints: for coming nodes in the model, on the present ones by a job."""
    group.labels = {k: v for k, v in {**group.labels, **changes.labels}.items() if k not in changes.labels_gone}
    changed = {(taint.key, taint.effect) for taint in (*changes.taints, *changes.taints_gone)}
    group.taints = [taint for taint in group.taints if (taint.key, taint.effect) not in changed] + [*changes.taints]
    labels = [f"{key}={value}" for key, value in changes.labels.items()] + [f"{key}-" for key in changes.labels_gone]
    taints = [f"{taint.key}={taint.value}:{nodes.EFFECTS[taint.effect]}" for taint in changes.taints]
    taints += [f"{taint.key}:{nodes.EFFECTS[taint.effect]}-" for taint in changes.taints_gone]
    job = partial(jobs.relabel, backend, group.cluster_name, group.name, labels, taints)
    runtime.current().queue.submit(f"eks-relabel/{group.arn}", job)


def replace_template(
    backend: LocalEKSBackend, group: Nodegroup, version: Version, given: Mapping[str, str] | None = None
) -> bool:
    """Give the group another version or launch template, for the nodes that come; whether it is another one."""
    wanted = group.launch_template
    if given:
        known = {"id": wanted.id} if wanted and not given.get("name") else {}
        wanted = user_template(backend.ec2, {**known, **given})
    if (version.name, wanted) == (group.version, group.launch_template):
        return False
    group.version, group.release_version, group.launch_template = version.name, version.release, wanted
    backend.ec2.delete_launch_template("", group.template_id)
    made = _launch_template(backend.ec2, backend.describe_cluster(group.cluster_name), group)
    group.template_id = made.id
    asg = auto_scaling_group(backend, group)
    if asg is not None:
        asg.ec2_launch_template = made
        asg.launch_template_version = "1"
    return True


def delete(backend: LocalEKSBackend, group: Nodegroup) -> None:
    """Remove what was made; the machines go by their own jobs."""
    asg = auto_scaling_group(backend, group)
    group.instances = [state.instance.id for state in asg.instance_states] if asg is not None else []
    if asg is not None:
        autoscaling_backends[backend.account_id][backend.region_name].delete_auto_scaling_group(asg.name)
    if group.template_id in backend.ec2.launch_templates:
        backend.ec2.delete_launch_template("", group.template_id)
    iam = iam_backends[backend.account_id]["aws"]
    if group.internal_name in iam.instance_profiles:
        iam.delete_instance_profile(group.internal_name, ignore_attached_roles=True)


def auto_scaling_group(backend: LocalEKSBackend, group: Nodegroup) -> FakeAutoScalingGroup | None:
    """Return the group's Auto Scaling group; None when somebody deleted it."""
    found = autoscaling_backends[backend.account_id][backend.region_name].autoscaling_groups
    return found.get(group.auto_scaling_group)


def _launch_template(ec2: EC2Backend, cluster: Cluster, group: Nodegroup) -> Template:
    """Merge the user's launch template with what EKS adds, as a template of EKS's own."""
    given = {}
    if group.launch_template:
        given = ec2.get_launch_template(group.launch_template.id).get_version(group.launch_template.version).data
    groups = given.get("SecurityGroupIds") or given.get("SecurityGroupId")
    user_data = nodes.user_data(
        cluster=cluster.name,
        endpoint=cluster.endpoint,
        ca=cluster.plane.certificate_authority,
        service_cidr=cluster.service_cidr,
    )
    data = {key: given[key] for key in TEMPLATE_KEYS if key in given} | {
        "ImageId": given.get("ImageId") or _image(ec2, VERSIONS[group.version]),
        "InstanceType": given.get("InstanceType") or group.instance_types[0],
        "SecurityGroupIds": groups or [cluster.resources_vpc_config.cluster_security_group_id],
        "IamInstanceProfile": {"Name": group.internal_name},
        "UserData": Base64EncodedString(base64.b64encode(user_data.encode()).decode()),
    }
    return ec2.create_launch_template(group.internal_name, f"of EKS node group {group.name}", data, {})


def _image(ec2: EC2Backend, version: Version) -> str:
    for ami in ec2.amis.values():
        if ami.image_location == AMI_LOCATION + version.suffix:
            return str(ami.id)
    message = f"The local cloud has no AMI for EKS nodes of {version.name}: ec2/amis.json must have one."
    raise InvalidParameterException(message=message)


def outdated(backend: LocalEKSBackend, group: Nodegroup) -> list[InstanceState]:
    """Return the group's instances that were not made of its launch template as it is now."""
    asg = auto_scaling_group(backend, group)
    return [state for state in asg.instance_states if _template_of(state) != group.template_id] if asg else []


def deregister_node(backend: LocalEKSBackend, group: Nodegroup, state: InstanceState) -> bool:
    """Let load balancers send an instance nothing more; whether one still did."""
    asg: Any = auto_scaling_group(backend, group)
    return asg is not None and state in asg.instance_states and asg.deregister([state])


def replace_node(backend: LocalEKSBackend, group: Nodegroup, state: InstanceState) -> None:
    """Terminate an instance, in whose place its group launches another one."""
    asg: Any = auto_scaling_group(backend, group)  # with what the local cloud adds to moto's
    if asg is not None and state in asg.instance_states:
        asg.replace([state])


def node_names(backend: LocalEKSBackend, group: Nodegroup) -> set[str]:
    """Return the names that the group's instances have as nodes."""
    asg = auto_scaling_group(backend, group)
    return {node_name(backend, state) for state in asg.instance_states} if asg else set()


def node_name(backend: LocalEKSBackend, state: InstanceState) -> str:
    """Return the name that an instance has as a node."""
    return nodes.node_name(str(state.instance.nics[0].private_ip_address), backend.region_name)


def _template_of(state: InstanceState) -> str:
    """Return the launch template that EC2 made an instance of."""
    return next((tag["value"] for tag in state.instance.get_tags() if tag["key"] == TEMPLATE_TAG), "")
