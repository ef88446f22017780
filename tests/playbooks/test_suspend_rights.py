"""Suspending and resuming with the deployer's own policy, on a local cloud without Docker: what it may, and what it may not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.conftest import cloud, config, docker  # noqa: F401 - fixtures
from localcloud.eks.tests.conftest import site  # noqa: F401 - a fixture
from tests.contracts import terraform_files
from tests.playbooks.test_deployer import (  # noqa: F401 - a fixture
    ACCOUNT,
    ADMINISTRATOR,
    BUCKET,
    DEPLOYER,
    PLAYBOOKS,
    VERB,
    environment,
)

if TYPE_CHECKING:
    from localcloud.eks.tests.conftest import Site
    from tests.playbooks.test_deployer import Environment

MARK = "/beacon/local/suspended"
BEGIN = VERB[0]["tasks"][0]
TAGS = [{"Key": "Environment", "Value": "local"}]


def verb(*tasks: Any, **values: Any) -> list[dict[str, Any]]:
    """Return a play of some tasks after a verb's beginning."""
    patience = {"suspend_patience": 30, "resume_patience": 30, "suspended_allowed": True}
    return [VERB[0] | {"vars": patience | values, "tasks": [BEGIN, *tasks]}]


def included(name: str) -> dict[str, Any]:
    return {"name": "Play it", "ansible.builtin.import_tasks": str(PLAYBOOKS / "tasks" / f"{name}.yml")}


STOP = verb(
    {
        "name": "Ask for a state that nobody holds",
        "ansible.builtin.include_role": {"name": "beacon.platform.infrastructure", "tasks_from": "unlocked"},
        "vars": {
            "infrastructure_environment": "local",
            "infrastructure_region": "eu-west-1",
            "infrastructure_account_id": ACCOUNT,
        },
    },
    included("suspend/stop"),
)
START = verb(
    {
        "name": "Start the hosts",
        "beacon.platform.instances_state": {
            "region": "eu-west-1",
            "instance_ids": ["{{ infrastructure_outputs.ops_instance_id }}"],
            "state": "running",
        },
    },
    {
        "name": "Bring the nodes back",
        "beacon.platform.nodegroup_size": {"region": "eu-west-1", "cluster": "beacon-local", "min": 2, "desired": 2},
    },
    {
        "name": "Ask the load balancer",
        "community.aws.elb_target_group_info": {
            "region": "eu-west-1",
            "names": ["beacon-local-http"],
            "collect_targets_health": True,
        },
    },
    included("resume/end"),
)


@pytest.fixture
def place(environment: Environment, site: Site) -> Environment:  # noqa: F811
    """Give the environment a cluster with two nodes, two hosts and a target group, and the deployer its own rights only."""
    iam, ec2, s3, ssm = (environment.cloud.client(name) for name in ("iam", "ec2", "s3", "ssm"))
    site.create(name="beacon-local")
    site.create_nodes(clusterName="beacon-local")
    ami = ec2.describe_images(Owners=["136693071363"])["Images"][0]["ImageId"]
    hosts = {}
    for name in ("ops", "monitoring"):
        answer = ec2.run_instances(
            ImageId=ami,
            MinCount=1,
            MaxCount=1,
            SubnetId=site.subnets[0],
            TagSpecifications=[{"ResourceType": "instance", "Tags": TAGS}],
        )
        hosts[f"{name}_instance_id"] = answer["Instances"][0]["InstanceId"]
        ssm.put_parameter(
            Name=f"/beacon/local/host-keys/{hosts[f'{name}_instance_id']}", Value="ssh-ed25519 A", Type="String"
        )
    site.settle()
    environment.cloud.client("elbv2").create_target_group(
        Name="beacon-local-http", Protocol="TCP", Port=80, VpcId=site.vpc
    )
    outputs = {
        "account_id": ACCOUNT,
        "region": "eu-west-1",
        "environment": "local",
        "cluster_name": "beacon-local",
        **hosts,
    }
    state = {"outputs": {name: {"value": value} for name, value in outputs.items()}}
    s3.put_object(Bucket=BUCKET, Key="terraform.tfstate", Body=json.dumps(state).encode())
    values = {
        "account_id": ACCOUNT,
        "environment": "local",
        "partition": "aws",
        "region": "eu-west-1",
        "state_bucket": BUCKET,
    }
    key = environment.cloud.client("kms").describe_key(KeyId="alias/aws/ssm")["KeyMetadata"]["Arn"]
    iam.detach_role_policy(RoleName="beacon-local-deployer", PolicyArn=ADMINISTRATOR)
    iam.put_role_policy(
        RoleName="beacon-local-deployer",
        PolicyName="deploy",
        PolicyDocument=terraform_files.policy("deployer", key=key, **values),
    )
    return environment


def states(place: Environment) -> list[str]:
    """Return the states of the hosts, and of as many nodes as there are."""
    every = place.cloud.client("ec2").describe_instances()["Reservations"]
    found = [one["State"]["Name"] for reservation in every for one in reservation["Instances"]]
    return sorted(state for state in found if state != "terminated")


def test_the_deployer_suspends_and_resumes_and_a_second_time_changes_nothing(place: Environment) -> None:
    keys = place.session(DEPLOYER)
    code, text = place.play(keys, plays=STOP)
    assert code == 0, text[-3000:]
    assert states(place) == ["stopped", "stopped"]
    said = place.cloud.client("ssm").get_parameter(Name=MARK)["Parameter"]["Value"]
    assert said.startswith("suspended since ")
    assert said.endswith(" by job")
    code, text = place.play(keys, plays=STOP)
    assert (code, "changed=0" in text) == (0, True), text[-3000:]
    code, text = place.play(keys)
    assert code == 2
    assert (
        f"Environment 'local' is {said}: it has no nodes, and its hosts are stopped. Next: beacon.platform.resume."
        in text
    )
    code, text = place.play(keys, plays=START)
    assert code == 0, text[-3000:]
    assert states(place) == ["running", "running", "running", "stopped"]
    assert place.cloud.client("ssm").get_parameter(Name=MARK)["Parameter"]["Value"].startswith("resumed at ")
    code, text = place.play(keys)
    assert code == 0, text[-3000:]


def test_a_run_of_terraform_is_not_suspended_under_its_feet(place: Environment) -> None:
    lock = {"ID": "1-2", "Operation": "OperationTypeApply", "Who": "ann@desk", "Created": "2026-11-30T19:00:00Z"}
    place.cloud.client("s3").put_object(Bucket=BUCKET, Key="terraform.tfstate.tflock", Body=json.dumps(lock).encode())
    code, text = place.play(place.session(DEPLOYER), plays=STOP)
    assert code == 2
    assert (
        "holds the lock on Terraform's state: ann@desk, since 2026-11-30T19:00:00Z (OperationTypeApply, lock 1-2)."
        in text
    )
    assert states(place) == ["running"] * 4


def test_the_deployer_stops_no_other_environments_hosts(place: Environment, site: Site) -> None:  # noqa: F811
    ec2 = place.cloud.client("ec2")
    ami = ec2.describe_images(Owners=["136693071363"])["Images"][0]["ImageId"]
    other = ec2.run_instances(ImageId=ami, MinCount=1, MaxCount=1, SubnetId=site.subnets[0])["Instances"][0][
        "InstanceId"
    ]
    site.settle()
    keys = place.session(DEPLOYER)
    own = place.cloud.client(
        "ec2", key=(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"]), token=keys["AWS_SESSION_TOKEN"]
    )
    with pytest.raises(ClientError, match="not authorized to perform: ec2:StopInstances"):
        own.stop_instances(InstanceIds=[other])
