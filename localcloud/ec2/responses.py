"""EC2's operations where moto knows nothing of machines, or takes what EC2 refuses."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, override

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.responses import EC2Response

from localcloud.ec2 import addresses, console, refusals, volumes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moto.ec2.models.instances import Instance, InstanceState

TARGETS = (
    *("GatewayId", "NatGatewayId", "InstanceId", "NetworkInterfaceId", "TransitGatewayId", "VpcPeeringConnectionId"),
    *("EgressOnlyInternetGatewayId", "CarrierGatewayId", "VpcEndpointId", "LocalGatewayId", "CoreNetworkArn"),
)


class LocalEC2Response(EC2Response):
    """moto's EC2 with what machines print."""

    @override
    def get_console_output(self) -> ActionResult:
        """Answer the newest 64 KiB of what the machine printed to its console, in base64; before that there is no Output."""
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        self.error_on_dryrun()
        output = console.output(instance.id)
        answer = {"InstanceId": instance.id, "Timestamp": utcnow()}
        return ActionResult(answer | ({"Output": base64.b64encode(output).decode()} if output else {}))

    @override
    def start_instances(self) -> ActionResult:
        self.error_on_dryrun()
        return self._changed("StartingInstances", self.ec2_backend.start_instances(self._get_param("InstanceIds", [])))

    @override
    def stop_instances(self) -> ActionResult:
        self.error_on_dryrun()
        return self._changed("StoppingInstances", self.ec2_backend.stop_instances(self._get_param("InstanceIds", [])))

    def _changed(self, name: str, instances: Iterable[tuple[Instance, InstanceState]]) -> ActionResult:
        """Answer what each instance was, and what it is now: moto says that all change."""
        return ActionResult(
            {name: [{"InstanceId": one.id, "PreviousState": was, "CurrentState": one._state} for one, was in instances]}  # noqa: SLF001
        )

    @override
    def create_network_interface(self) -> ActionResult:
        more = [one.get("PrivateIpAddress") for one in self._get_param("PrivateIpAddresses", [])]
        subnet = self.ec2_backend.get_subnet(self._get_param("SubnetId"))
        addresses.check(self.ec2_backend, subnet, [self._get_param("PrivateIpAddress"), *more])
        return super().create_network_interface()

    @override
    def create_volume(self) -> ActionResult:
        zone, size, kind = (self._get_param(name) for name in ("AvailabilityZone", "Size", "VolumeType"))
        volumes.check_creation(self.region, zone, size, kind)
        return super().create_volume()

    @override
    def attach_volume(self) -> ActionResult:
        volume, instance = self._get_param("VolumeId"), self._get_param("InstanceId")
        volumes.check_attachment(self.ec2_backend, volume, instance, self._get_param("Device"))
        answer = super().attach_volume()
        self.ec2_backend.plug(volume)
        return answer

    @override
    def detach_volume(self) -> ActionResult:
        volume, instance = self._get_param("VolumeId"), self._get_param("InstanceId")
        volumes.check_detachment(self.ec2_backend, volume, instance, self._get_param("Device"))
        self.error_on_dryrun()
        plug = self.ec2_backend.unplug(volume)
        answer = {"VolumeId": volume, "InstanceId": plug.instance.id, "Device": plug.device, "State": volumes.DETACHING}
        return ActionResult(answer | {"AttachTime": plug.attach_time})

    @override
    def modify_volume(self) -> ActionResult:
        volume, size = self._get_param("VolumeId"), self._get_param("Size")
        volumes.check_modification(self.ec2_backend, volume, size, self._get_param("VolumeType"))
        return super().modify_volume()

    @override
    def import_key_pair(self) -> ActionResult:
        refusals.check_public_key(self._get_param("PublicKeyMaterial"))
        return super().import_key_pair()

    @override
    def create_nat_gateway(self) -> ActionResult:
        refusals.check_nat_gateway(self._get_param("ConnectivityType"), self._get_param("AllocationId"))
        return super().create_nat_gateway()

    @override
    def create_route(self) -> ActionResult:
        table = self.ec2_backend.get_route_table(self._get_param("RouteTableId"))
        targets = {name: self._get_param(name) for name in TARGETS}
        refusals.check_route(self.ec2_backend, table, self._get_param("DestinationCidrBlock"), targets)
        return super().create_route()

    @override
    def authorize_security_group_ingress(self) -> ActionResult:
        self._check_sources()
        return super().authorize_security_group_ingress()

    @override
    def authorize_security_group_egress(self) -> ActionResult:
        self._check_sources()
        return super().authorize_security_group_egress()

    @override
    def delete_security_group(self) -> ActionResult:
        refusals.check_deletion_of_group(self.ec2_backend.get_security_group_from_id(self._get_param("GroupId") or ""))
        return super().delete_security_group()

    def _check_sources(self) -> None:
        group = self.ec2_backend.get_security_group_from_id(self._get_param("GroupId") or "")
        if group is not None:
            refusals.check_sources(self.ec2_backend, group, self._get_param("IpPermissions", []))
