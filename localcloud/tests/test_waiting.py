"""Nobody waits for Docker: reads never ask it, and a write that must know what it has says so when it hangs."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError, EndpointConnectionError

from localcloud.core import services
from localcloud.http.request import READ_ONLY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.conftest import Cloud

WRITE_SECONDS = 15.0  # on a busy machine
USED = [each.name for each in services.SERVICES] + ["dynamodb", "kms", "logs", "route53", "s3", "ssm"]
AMI = "ami-0debian1300000001"


@pytest.fixture
def hanging(cloud: Cloud) -> Iterator[Cloud]:
    """A local cloud with an instance, whose Docker engine hangs."""
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.42.1.0/24")["Subnet"]["SubnetId"]
    ec2.run_instances(ImageId=AMI, MinCount=1, MaxCount=1, SubnetId=subnet)
    cloud.settle()
    cloud.docker.going.clear()
    cloud.docker.asked_by.clear()
    yield cloud
    cloud.docker.going.set()


def least(shape: Any) -> Any:
    """Make the smallest argument that has a shape."""
    number = max(1, int(shape.metadata.get("min", 1)))
    other = {"boolean": False, "blob": b"x", "timestamp": 0, "map": {}}
    match shape.type_name:
        case "structure":
            return {name: least(shape.members[name]) for name in shape.required_members}
        case "list":
            return [least(shape.member)]
        case "string":
            return (shape.enum or ["x" * number])[0]
        case kind:
            return other.get(kind, number)


def by_requests(cloud: Cloud) -> list[str]:
    """Return the threads of requests that asked Docker: cheroot names them so."""
    return [name for name in cloud.docker.asked_by if name.startswith("CP Server ")]


@pytest.mark.parametrize("service", USED)
def test_no_read_asks_docker(hanging: Cloud, service: str) -> None:
    client = hanging.client(service)
    reads = [each for each in client.meta.service_model.operation_names if READ_ONLY.match(each)]
    assert reads
    for operation in reads:
        shape = client.meta.service_model.operation_model(operation).input_shape
        with suppress(ClientError, EndpointConnectionError):  # whatever it answers; some have host names of their own
            getattr(client, xform_name(operation))(**(least(shape) if shape else {}))
    assert by_requests(hanging) == []


def test_a_write_that_must_know_what_docker_has_says_that_it_hangs(hanging: Cloud) -> None:
    ec2 = hanging.client("ec2")
    started = time.monotonic()
    with pytest.raises(ClientError, match=r"InternalError.*Docker: looking at what there is: Read timed out"):
        ec2.create_vpc(CidrBlock="10.43.0.0/16")
    with pytest.raises(ClientError, match=r"InternalError.*Docker: looking at what there is: Read timed out"):
        ec2.run_instances(ImageId=AMI, MinCount=1, MaxCount=1)
    assert by_requests(hanging)
    assert time.monotonic() - started < WRITE_SECONDS
    assert len(ec2.describe_vpcs()["Vpcs"]) == 2, "the default one, and that of before"


def test_a_write_that_need_not_know_goes_on_while_docker_hangs(hanging: Cloud) -> None:
    ec2 = hanging.client("ec2")
    address = ec2.allocate_address(Domain="vpc")["PublicIp"]
    hanging.docker.going.set()
    assert ec2.describe_addresses()["Addresses"][0]["PublicIp"] == address
