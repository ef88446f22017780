"""Keys that can't be used: each service that is given one refuses it in its own words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.conftest import trust
from localcloud.core.config import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.conftest import Cloud

NO_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
NO_KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{NO_ID}"
NOT_FOUND, DISABLED, PENDING = "NotFoundException", "DisabledException", "KMSInvalidStateException"
ALL = {"Sid": "all", "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"}
BUCKET = "sealed"


def policy(*more: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [ALL, *more]})


LOGS = policy(
    {
        "Sid": "logs",
        "Effect": "Allow",
        "Principal": {"Service": "logs.eu-west-1.amazonaws.com"},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Resource": "*",
        "Condition": {
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/beacon/*"}
        },
    }
)


def put_parameter(cloud: Cloud, key: str) -> None:
    cloud.client("ssm").put_parameter(Name="/p", Value="v", Type="SecureString", KeyId=key, Overwrite=True)


def put_object(cloud: Cloud, key: str) -> None:
    cloud.client("s3").put_object(Bucket=BUCKET, Key="o", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)


def create_repository(cloud: Cloud, key: str) -> None:
    encryption = {"encryptionType": "KMS", "kmsKey": key}
    cloud.client("ecr").create_repository(repositoryName="sealed", encryptionConfiguration=encryption)


def create_cluster(cloud: Cloud, key: str) -> None:
    cloud.client("eks").create_cluster(
        name="sealed",
        roleArn=cloud.client("iam").get_role(RoleName="eks")["Role"]["Arn"],
        resourcesVpcConfig={"subnetIds": ["subnet-1", "subnet-2"]},
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": key}}],
    )


def create_group(cloud: Cloud, key: str) -> None:
    cloud.client("logs").create_log_group(logGroupName="/beacon/g", kmsKeyId=key)


FROM_KMS = r"{} \(Service: AWSKMS; Status Code: 400; Error Code: {}; Request ID: [-0-9a-f]+\)"
OF_LOGS = {
    NOT_FOUND: r"The specified KMS Key Id could not be found. '/beacon/g'",
    DISABLED: "The specified KMS key {key} is disabled.",
    PENDING: "The specified KMS key {key} is pending deletion.",
}
GIVEN: dict[str, tuple[Callable[[Cloud, str], None], Callable[[str, str], str]]] = {
    "ssm": (put_parameter, lambda code, text: rf"\(InvalidKeyId\).*{FROM_KMS.format(text, code)}"),
    "s3": (put_object, lambda code, text: rf"\(KMS\.{code}\).*{text}"),
    "ecr": (create_repository, lambda code, text: rf"\(KmsException\).*{FROM_KMS.format(text, code)}"),
    "eks": (
        create_cluster,
        lambda _, text: rf"\(InvalidParameterException\).*keyArn in encryptionConfig provider is not valid: {text}",
    ),
    "logs": (create_group, lambda code, text: rf"\(InvalidParameterException\).*{OF_LOGS[code]}"),
}


@pytest.fixture
def key(cloud: Cloud) -> str:
    cloud.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    cloud.client("iam").create_role(RoleName="eks", AssumeRolePolicyDocument=trust({"Service": "eks.amazonaws.com"}))
    return str(cloud.client("kms").create_key(Policy=LOGS)["KeyMetadata"]["Arn"])


@pytest.mark.parametrize("who", GIVEN)
def test_a_key_that_can_t_be_used_is_refused_by_who_is_given_it(cloud: Cloud, key: str, who: str) -> None:
    kms = cloud.client("kms")
    give, words = GIVEN[who]
    with pytest.raises(ClientError, match=words(NOT_FOUND, f"Key '{NO_KEY}' does not exist")):
        give(cloud, NO_KEY)
    kms.disable_key(KeyId=key)
    with pytest.raises(ClientError, match=words(DISABLED, f"{key} is disabled.").format(key=key)):
        give(cloud, key)
    kms.schedule_key_deletion(KeyId=key)
    with pytest.raises(ClientError, match=words(PENDING, f"{key} is pending deletion.").format(key=key)):
        give(cloud, key)


@pytest.mark.parametrize("who", ["ssm", "s3", "ecr", "logs"])
def test_a_key_that_can_be_used_is_taken(cloud: Cloud, key: str, who: str) -> None:
    GIVEN[who][0](cloud, key)


@pytest.mark.parametrize("who", ["ssm", "s3"])
def test_names_of_keys(cloud: Cloud, key: str, who: str) -> None:
    give, words = GIVEN[who]
    cloud.client("kms").create_alias(AliasName="alias/mine", TargetKeyId=key)
    for name in (key.rpartition("/")[2], "alias/mine"):
        give(cloud, name)
    missing = f"Alias arn:aws:kms:eu-west-1:{ACCOUNT}:alias/none is not found."
    with pytest.raises(ClientError, match=words(NOT_FOUND, missing)):
        give(cloud, "alias/none")
    elsewhere = key.replace("eu-west-1", "eu-central-1")
    with pytest.raises(ClientError, match=words(NOT_FOUND, f"Key '{elsewhere}' does not exist")):
        give(cloud, elsewhere)


@pytest.mark.parametrize("change", ["disable_key", "schedule_key_deletion"])
def test_what_is_sealed_is_not_read(cloud: Cloud, key: str, change: str) -> None:
    kms, ssm, s3 = cloud.client("kms"), cloud.client("ssm"), cloud.client("s3")
    put_parameter(cloud, key)
    put_object(cloud, key)
    getattr(kms, change)(KeyId=key)
    code, text = {
        "disable_key": (DISABLED, f"{key} is disabled."),
        "schedule_key_deletion": (PENDING, f"{key} is pending deletion."),
    }[change]
    reads = (
        lambda: ssm.get_parameter(Name="/p", WithDecryption=True),
        lambda: ssm.get_parameters(Names=["/p"], WithDecryption=True),
        lambda: ssm.get_parameters_by_path(Path="/", WithDecryption=True),
        lambda: ssm.get_parameter_history(Name="/p", WithDecryption=True),
    )
    for read in reads:
        with pytest.raises(ClientError, match=GIVEN["ssm"][1](code, text)):
            read()
    ssm.get_parameter(Name="/p")
    with pytest.raises(ClientError, match=rf"\(KMS.{code}\).*{text}"):
        s3.get_object(Bucket=BUCKET, Key="o")
    s3.head_object(Bucket=BUCKET, Key="o")


def test_a_bucket_takes_any_name_of_a_key_and_its_objects_are_refused(cloud: Cloud, key: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html: S3 does not validate it there."""
    s3 = cloud.client("s3")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": NO_KEY}}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})
    with pytest.raises(ClientError, match=rf"\(KMS.NotFoundException\).*Key '{NO_KEY}' does not exist"):
        s3.put_object(Bucket=BUCKET, Key="o", Body=b"x")
    put_object(cloud, key)


@pytest.mark.parametrize("group", ["/beacon/g", "/other/g"])
def test_a_log_group_takes_a_key_whose_policy_lets_logs_use_it(cloud: Cloud, key: str, group: str) -> None:
    kms, logs = cloud.client("kms"), cloud.client("logs")
    kms.put_key_policy(KeyId=key, Policy=policy() if group == "/beacon/g" else LOGS)
    with pytest.raises(ClientError, match=rf"could not be found. '{group}'"):
        logs.create_log_group(logGroupName=group, kmsKeyId=key)
    kms.put_key_policy(KeyId=key, Policy=LOGS.replace("/beacon/", "/"))
    logs.create_log_group(logGroupName=group, kmsKeyId=key)


def test_a_log_group_s_key_is_named_by_its_arn(cloud: Cloud, key: str) -> None:
    with pytest.raises(ClientError, match=OF_LOGS[NOT_FOUND]):
        create_group(cloud, key.rpartition("/")[2])
