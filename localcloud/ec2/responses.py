"""EC2's operations where moto takes what EC2 refuses, or knows nothing of machines."""

from __future__ import annotations

import base64
from typing import Any, override

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.responses import EC2Response

from localcloud.ec2 import console, descriptions


class LocalEC2Response(EC2Response):
    """moto's EC2 with arguments checked, and with what machines print."""

    @override
    def get_console_output(self) -> ActionResult:
        """Answer the newest 64 KiB of what the machine printed to its console, in base64; before that there is no Output."""
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        self.error_on_dryrun()
        output = console.output(instance.id)
        answer = {"InstanceId": instance.id, "Timestamp": utcnow()}
        return ActionResult(answer | ({"Output": base64.b64encode(output).decode()} if output else {}))

    @override
    def create_security_group(self) -> ActionResult:
        descriptions.check_group(name=self._get_param("GroupName"), description=self._get_param("Description"))
        return super().create_security_group()

    @override
    def modify_security_group_rules(self) -> ActionResult:
        descriptions.check_rules(self._get_params())
        return super().modify_security_group_rules()

    @override
    def _process_rules_from_querystring(self) -> Any:
        """Check the rules of a request before the first is read: all operations on rules but the one above read them here."""
        descriptions.check_rules(self._get_params())
        yield from super()._process_rules_from_querystring()
