"""EC2's operations where moto takes what EC2 refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

from moto.ec2.responses import EC2Response

from localcloud.ec2 import descriptions

if TYPE_CHECKING:
    from moto.core.responses import ActionResult


class LocalEC2Response(EC2Response):
    """moto's EC2 with arguments checked."""

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
