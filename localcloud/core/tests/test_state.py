from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.conftest import trust
from localcloud.core.errors import LocalCloudError

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

ROOT = Path(__file__).parents[3]
LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10},
                "action": {"type": "expire"},
            }
        ]
    }
)


def test_each_service_that_is_used_survives_a_kill(cloud: Cloud) -> None:  # noqa: PLR0915 - one restart for all of them
    """What Terraform's root module makes, service by service, and the second half of each after the restart."""
    ec2, iam, kms, s3 = (cloud.client(name) for name in ("ec2", "iam", "kms", "s3"))
    ssm, logs, ecr, sts = (cloud.client(name) for name in ("ssm", "logs", "ecr", "sts"))
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/k", TargetKeyId=key)
    secret = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    ssm.put_parameter(Name="/p/secret", Value="v", Type="SecureString", KeyId=key)
    ssm.put_parameter(Name="/p/secret", Value="v2", Type="SecureString", KeyId=key, Overwrite=True)
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust())["Role"]["Arn"]
    iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")
    iam.create_open_id_connect_provider(Url="https://oidc.example", ThumbprintList=["0" * 40], ClientIDList=["sts"])
    session = sts.assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="bucket", Key="small", Body=b"one")
    s3.put_object(Bucket="bucket", Key="large", Body=b"1" * 100_000)
    s3.put_object(Bucket="bucket", Key="large", Body=b"2" * 100_000)
    logs.create_log_group(logGroupName="/aws/eks/c/cluster")
    logs.create_log_stream(logGroupName="/aws/eks/c/cluster", logStreamName="s")
    ecr.create_repository(repositoryName="team/app", imageTagMutability="IMMUTABLE")
    ecr.put_lifecycle_policy(repositoryName="team/app", lifecyclePolicyText=LIFECYCLE)
    cloud.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    cloud.client("route53").create_hosted_zone(Name="example.internal", CallerReference="1")
    cloud.client("secretsmanager").create_secret(Name="s", SecretString="x")
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName="a",
        MetricName="m",
        Namespace="n",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        Statistic="Sum",
    )
    vpc = ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.42.{n}.0/24")["Subnet"]["SubnetId"] for n in (1, 2)]
    ec2.create_launch_template(
        LaunchTemplateName="template",
        LaunchTemplateData={"ImageId": "ami-0debian1300000001", "InstanceType": "t3.small"},
    )
    cloud.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="g",
        MinSize=2,
        MaxSize=3,
        VPCZoneIdentifier=",".join(subnets),
        LaunchTemplate={"LaunchTemplateName": "template"},
    )
    cloud.settle()

    assert cloud.boot()

    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"secret"
    assert kms.describe_key(KeyId="alias/k")["KeyMetadata"]["KeyId"] == key
    assert ssm.get_parameter(Name="/p/secret", WithDecryption=True)["Parameter"]["Value"] == "v2"
    assert (
        iam.list_attached_role_policies(RoleName="r")["AttachedPolicies"][0]["PolicyName"] == "AmazonEKSClusterPolicy"
    )
    assert len(iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]) == 1
    key_pair = (session["AccessKeyId"], session["SecretAccessKey"])
    identity = cloud.client("sts", key=key_pair, token=session["SessionToken"]).get_caller_identity()
    assert identity["Arn"].endswith("assumed-role/r/session")
    assert s3.get_object(Bucket="bucket", Key="small")["Body"].read() == b"one"
    assert s3.get_object(Bucket="bucket", Key="large")["Body"].read() == b"2" * 100_000
    with pytest.raises(ClientError, match="BucketAlreadyOwnedByYou"):
        s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert len(s3.list_object_versions(Bucket="bucket", Prefix="large")["Versions"]) == 2
    assert logs.describe_log_streams(logGroupName="/aws/eks/c/cluster")["logStreams"][0]["logStreamName"] == "s"
    assert ecr.describe_repositories()["repositories"][0]["imageTagMutability"] == "IMMUTABLE"
    assert cloud.client("dynamodb").list_tables()["TableNames"] == ["t"]
    assert cloud.client("route53").list_hosted_zones()["HostedZones"][0]["Name"] == "example.internal."
    assert cloud.client("secretsmanager").get_secret_value(SecretId="s")["SecretString"] == "x"
    assert cloud.client("cloudwatch").describe_alarms()["MetricAlarms"][0]["AlarmName"] == "a"
    group = cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
    assert len(group["Instances"]) == 2
    assert {i["InstanceId"] for i in group["Instances"]} <= set(cloud.machines.specs)
    assert ec2.create_subnet(VpcId=vpc, CidrBlock="10.42.3.0/24")["Subnet"]["State"] == "available"


def test_what_was_changed_is_on_disk_before_the_answer(cloud: Cloud) -> None:
    cloud.client("iam").create_user(UserName="dev")
    assert b"dev" in cloud.now.model.path.read_bytes()


def test_only_the_owner_reads_the_state(cloud: Cloud) -> None:
    for path in (cloud.now.model.path, cloud.config.state / "credentials.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_save_does_not_grow_with_bodies_and_forgets_those_that_are_gone(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    before = cloud.now.model.path.stat().st_size
    s3.put_object(Bucket="bucket", Key="large", Body=b"1" * 1_000_000)
    assert cloud.now.model.path.stat().st_size - before < 10_000
    assert len(list(cloud.now.model.bodies.folder.iterdir())) == 1
    s3.delete_object(Bucket="bucket", Key="large")
    assert list(cloud.now.model.bodies.folder.iterdir()) == []


def test_a_state_of_another_version_is_refused_with_the_next_step(cloud: Cloud) -> None:
    path = cloud.now.model.path
    path.write_bytes(b"beacon localcloud state 1\n" + path.read_bytes().split(b"\n", 1)[1])
    with pytest.raises(
        LocalCloudError, match=r"was written by another version .* `python -m localcloud down`, then `up`"
    ):
        cloud.now.model.load()


def test_a_change_within_a_change_is_saved_once(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    saves: list[Any] = []
    model = cloud.now.model
    original = model.save

    def save(change: int | None = None) -> None:
        saves.append(change)
        original(change)

    monkeypatch.setattr(model, "save", save)
    with model.lock, model.transaction(), model.transaction():
        pass
    assert len(saves) == 1


def test_a_change_that_fails_half_way_is_saved_as_it_is(cloud: Cloud) -> None:
    model = cloud.now.model
    before = model.path.stat().st_mtime_ns
    with pytest.raises(ZeroDivisionError), model.transaction():
        _ = 1 / 0
    assert model.path.stat().st_mtime_ns > before


def test_a_kill_before_any_step_of_a_save_leaves_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    script = Path(__file__).parent / "killed_saves.py"
    answer = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    found = answer.stdout.split("\n")[:-1]
    assert sorted(found, key=["old", "new"].index) == found, "whole, and never back again"
    assert (found.count("old") >= 6, found.count("new") >= 2) == (True, True), found
