"""Whether a private address may be given to a machine.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and
https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from moto.ec2.exceptions import EC2ClientError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moto.ec2.models import EC2Backend
    from moto.ec2.models.subnets import Subnet

RESERVED_FIRST = 4  # of each subnet; the last one, too


def check(backend: EC2Backend, subnet: Subnet, addresses: Iterable[str | None]) -> None:
    """Refuse private addresses that are malformed, of no subnet's range, reserved or taken; None is any free one."""
    held = subnet._subnet_ips  # noqa: SLF001 - moto has no other way
    for address in [one for one, owner in held.items() if getattr(owner, "state", "") == "terminated"]:
        subnet.del_subnet_ip(address)  # moto waits for the garbage collector
    taken = set(held)
    taken |= {
        one["PrivateIpAddress"]
        for eni in backend.enis.values()
        if eni.subnet.id == subnet.id and (eni.instance is None or eni.instance.state != "terminated")
        for one in eni.private_ip_addresses
    }
    network = IPv4Network(subnet.cidr_block)
    for address in filter(None, addresses):
        try:
            place = int(IPv4Address(address)) - int(network.network_address)
        except ValueError:
            raise EC2ClientError("InvalidParameterValue", f"invalid value for parameter address: [{address}]") from None
        if not 0 <= place < network.num_addresses:
            _refuse("InvalidParameterValue", address, "does not fall within the subnet's address range")
        if place < RESERVED_FIRST or place == network.num_addresses - 1:
            _refuse("InvalidParameterValue", address, "is in subnet's reserved address range")
        if address in taken:
            _refuse("InvalidIPAddress.InUse", address, "is in use.")


def _refuse(code: str, address: str, why: str) -> None:
    raise EC2ClientError(code, f"Address {address} {why}")
