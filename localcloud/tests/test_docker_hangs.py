"""A local cloud whose real Docker engine stops answering: `python -m pytest -m docker localcloud/tests`."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.docker.view import LOOK_SECONDS
from localcloud.tests.harness import LocalCloud, up
from localcloud.tests.slow_engine import slow_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from localcloud.tests.slow_engine import SlowEngine

pytestmark = pytest.mark.docker

AT_ONCE = 2.0  # seconds, on a busy machine
READS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("ec2", lambda ec2: ec2.describe_instances()),
    ("ec2", lambda ec2: ec2.describe_vpcs()),
    ("elbv2", lambda elb: elb.describe_load_balancers()),
    ("autoscaling", lambda autoscaling: autoscaling.describe_auto_scaling_groups()),
    ("ecr", lambda ecr: ecr.describe_repositories()),
    ("eks", lambda eks: eks.list_clusters()),
    ("sts", lambda sts: sts.get_caller_identity()),
)


@pytest.fixture
def engine(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowEngine]:
    with slow_engine(tmp_path / "docker.sock") as made:
        monkeypatch.setenv("DOCKER_HOST", made.host)
        yield made


def took(action: Callable[[], Any]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


def test_reads_do_not_notice_and_a_write_that_needs_docker_says_so(tmp_path: Any, engine: SlowEngine) -> None:
    local = LocalCloud(tmp_path, name="localcloud-slow", port=5694, public_range="198.18.38.0/25")
    with up(local), ExitStack() as stack:
        clients = {service: local.client(service) for service, _ in READS}
        for service, read in READS:
            read(clients[service])  # loads the service
        engine.going.clear()
        stack.callback(engine.going.set)  # `down` asks it, too
        for service, read in READS:
            assert took(partial(read, clients[service])) < AT_ONCE, service

        def refused() -> None:
            with pytest.raises(ClientError, match=r"InternalError.*Docker: looking at what there is: .*[Tt]imed out"):
                clients["ec2"].create_vpc(CidrBlock="10.94.0.0/16")

        assert took(refused) < LOOK_SECONDS + AT_ONCE
        assert clients["ec2"].allocate_address(Domain="vpc")["PublicIp"], "it need not know what Docker has"
        engine.going.set()
        vpc = clients["ec2"].create_vpc(CidrBlock="10.94.0.0/16")["Vpc"]["VpcId"]
        clients["ec2"].delete_vpc(VpcId=vpc)
