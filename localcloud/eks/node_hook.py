"""Turns instances of node groups into nodes, and takes nodes that are gone out of their cluster."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.eks.models import eks_backends

from localcloud.core import runtime
from localcloud.eks import jobs, nodegroups, nodes

if TYPE_CHECKING:
    from moto.ec2.models import EC2Backend
    from moto.ec2.models.instances import Instance

    from localcloud.docker.spec import MachineSpec
    from localcloud.eks.models import LocalEKSBackend
    from localcloud.eks.resources import Cluster, Nodegroup

MEMINFO = Path("/proc/meminfo")


class NodeHook:
    """EKS's part in the life of EC2's instances."""

    def prepare(self, instance: Instance, spec: MachineSpec) -> MachineSpec:
        """Add the node's files to the machine."""
        ec2 = instance.ec2_backend
        found = _owner(instance)
        if found is None:
            return spec
        backend, cluster, group = found
        _give_profile(ec2, instance, group.internal_name)
        now = runtime.current()
        now.registry.authority.ensure()
        nic = instance.nics[0]
        address = str(nic.private_ip_address)
        labels = {
            "eks.amazonaws.com/nodegroup": group.name,
            "eks.amazonaws.com/nodegroup-image": instance.image_id,
            "eks.amazonaws.com/capacityType": group.capacity_type,
            **group.labels,
        }
        config = nodes.NodeConfig(
            cluster=cluster.name,
            region=backend.region_name,
            endpoint=cluster.endpoint,
            certificate_authority=cluster.plane.certificate_authority,
            service_cidr=cluster.service_cidr,
            name=nodes.node_name(address, backend.region_name),
            instance_id=instance.id,
            instance_type=instance.instance_type,
            zone=nic.subnet.availability_zone,
            address=address,
            vpc_cidr=ec2.get_vpc(nic.vpc_id).cidr_block,
            memory_mib=INSTANCE_TYPES[instance.instance_type]["MemoryInfo"]["SizeInMiB"],
            host_memory_mib=_host_memory_mib(),
            labels=labels,
            taints=group.taints,
            api=now.config.endpoint_inside,
            registry_ca=now.registry.authority.certificate_path.read_text(),
        )
        return nodes.extend(spec, config)

    def launched(self, instance: Instance) -> None:
        """Have the node group's status follow."""
        found = _owner(instance)
        if found is not None:
            backend, cluster, group = found
            if group.status != "DELETING":
                backend.converge_nodegroup(cluster.name, group.name)

    def terminated(self, instance: Instance) -> None:
        """Take the node out of its cluster."""
        tags = _tags(instance)
        cluster = tags.get(nodegroups.CLUSTER_TAG)
        if not cluster or nodegroups.GROUP_TAG not in tags:
            return
        ec2 = instance.ec2_backend
        backend = cast("LocalEKSBackend", eks_backends[ec2.account_id][ec2.region_name])
        node = nodes.node_name(str(instance.nics[0].private_ip_address), ec2.region_name)
        runtime.current().queue.submit(f"eks-forget/{instance.id}", partial(jobs.forget_node, backend, cluster, node))


def _owner(instance: Instance) -> tuple[LocalEKSBackend, Cluster, Nodegroup] | None:
    """Return the backend, the cluster and the node group of an instance; None for other instances."""
    tags = _tags(instance)
    ec2 = instance.ec2_backend
    backend = cast("LocalEKSBackend", eks_backends[ec2.account_id][ec2.region_name])
    cluster = backend.clusters.get(tags.get(nodegroups.CLUSTER_TAG, ""))
    group = cluster.nodegroups.get(tags.get(nodegroups.GROUP_TAG, "")) if cluster else None
    return (backend, cluster, group) if cluster and group else None


def _tags(instance: Instance) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in instance.get_tags()}


def _give_profile(ec2: EC2Backend, instance: Instance, profile: str) -> None:
    """Associate the instance profile: moto leaves a launch template's own out."""
    if instance.id not in ec2.iam_instance_profile_associations:
        ec2.associate_iam_instance_profile(instance.id, iam_instance_profile_name=profile)


def _host_memory_mib() -> int:
    fields = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines())
    return int(fields["MemTotal"].split()[0]) // 1024


NODES = NodeHook()
