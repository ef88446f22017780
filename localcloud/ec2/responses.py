"""EC2's operations where moto knows nothing of machines, or takes what EC2 refuses."""

from __future__ import annotations

import base64
from typing import override

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.responses import EC2Response

from localcloud.ec2 import addresses, console


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
    def create_network_interface(self) -> ActionResult:
        more = [one.get("PrivateIpAddress") for one in self._get_param("PrivateIpAddresses", [])]
        subnet = self.ec2_backend.get_subnet(self._get_param("SubnetId"))
        addresses.check(self.ec2_backend, subnet, [self._get_param("PrivateIpAddress"), *more])
        return super().create_network_interface()
