"""Who reaches an API server: what AWS takes and refuses. No Docker, no model."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from moto.eks.exceptions import InvalidParameterException

if TYPE_CHECKING:
    from collections.abc import Iterable

    from localcloud.eks.resources import VpcConfig

EVERYBODY = ["0.0.0.0/0"]
# no address of the Internet is in these
PRIVATE = (IPv4Network("10.0.0.0/8"), IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"))


def check(cluster: str, *, public: bool, private: bool, cidrs: Iterable[str]) -> None:
    """Refuse an API server that nobody reaches, and ranges that are none or not of the Internet."""
    if not public and not private:
        _refuse(cluster, "Both private and public endpoint access cannot be false")
    ranges = {each: _network(each) for each in cidrs}
    if invalid := [each for each, network in ranges.items() if network is None]:
        _refuse(cluster, f"The following CIDRs are invalid in publicAccessCidrs: [{','.join(invalid)}]")
    if inside := [each for each, network in ranges.items() if network and any(map(network.subnet_of, PRIVATE))]:
        _refuse(cluster, f"The following CIDRs are not allowed in publicAccessCidrs: [{','.join(inside)}]")


def check_change(cluster: str, present: VpcConfig, wanted: VpcConfig) -> None:
    """Refuse a change to what can't be, or to what there is already."""
    public, private, cidrs = wanted.endpoint_public_access, wanted.endpoint_private_access, wanted.public_access_cidrs
    check(cluster, public=public, private=private, cidrs=cidrs)
    if wanted == present:
        _refuse(
            cluster,
            f"Cluster is already at the desired configuration with endpointPrivateAccess: {_word(private)} , "
            f"endpointPublicAccess: {_word(public)}, and Public Endpoint Restrictions: [{', '.join(cidrs)}]",
        )


def parameters(wanted: VpcConfig) -> dict[str, str]:
    """Return what an update changes, as its record has it."""
    return {
        "EndpointPublicAccess": _word(wanted.endpoint_public_access),
        "EndpointPrivateAccess": _word(wanted.endpoint_private_access),
        "PublicAccessCidrs": json.dumps(wanted.public_access_cidrs),
    }


def _refuse(cluster: str, message: str) -> None:
    raise InvalidParameterException(clusterName=cluster, message=message)


def _network(text: str) -> IPv4Network | None:
    """Return the range; an address without a length is none."""
    try:
        return IPv4Network(text) if "/" in text else None
    except ValueError:
        return None


def _word(value: bool) -> str:  # noqa: FBT001 - a value that is shown
    return str(value).lower()
