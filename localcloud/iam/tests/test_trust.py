"""Whom a role may trust, and for whom STS opens its sessions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.conftest import trust

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

ACCOUNT = "123456789012"
SSO = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
SSO_NAME = "AWSReservedSSO_Admin_0123456789abcdef"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


class Site:
    """IAM with people in it, and sessions of theirs."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.iam = cloud, cloud.client("iam")
        self.iam.create_user(UserName="dev", Path="/people/")
        key = self.iam.create_access_key(UserName="dev")["AccessKey"]
        self.dev = cloud.client("sts", key=(key["AccessKeyId"], key["SecretAccessKey"]))
        self.sso = self.role(SSO_NAME, path=SSO)

    def role(self, name: str, document: str | None = None, *, path: str = "/", **more: Any) -> str:
        made = self.iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document or trust(), **more)
        return str(made["Role"]["Arn"])

    def session(self, role: str, sts: Any = None, **more: Any) -> Any:
        """Assume a role; the session's own STS client."""
        made = (sts or self.cloud.client("sts")).assume_role(RoleArn=role, RoleSessionName="me", **more)["Credentials"]
        key = (made["AccessKeyId"], made["SecretAccessKey"])
        return self.cloud.client("sts", key=key, token=made["SessionToken"])


@pytest.fixture
def site(cloud: Cloud) -> Site:
    return Site(cloud)


def test_principals_that_exist_are_taken(site: Site) -> None:
    principals = (
        "*",
        {"AWS": "*"},
        {"AWS": ACCOUNT},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:user/people/dev"},
        {"AWS": [site.sso, f"arn:aws:iam::{ACCOUNT}:user/administrator"]},
        {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/{SSO_NAME}/me@example.org"},
        {"AWS": "arn:aws:iam::210987654321:role/of-another-account"},
        {"Service": ["ec2.amazonaws.com", "vpc-flow-logs.amazonaws.com", "logs.eu-west-1.amazonaws.com"]},
        {"Service": "pods.eks.amazonaws.com"},
        {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.example"},
    )
    for number, principal in enumerate(principals):
        site.role(f"r{number}", trust(principal))


def test_principals_that_do_not_exist_are_refused_in_new_and_in_changed_roles(site: Site) -> None:
    refused = {
        f"arn:aws:iam::{ACCOUNT}:user/dev": "AWS",  # its path is missing
        f"arn:aws:iam::{ACCOUNT}:user/people/nobody": "AWS",
        f"arn:aws:iam::{ACCOUNT}:role/{SSO_NAME}": "AWS",
        f"arn:aws:iam::{ACCOUNT}:role/*": "AWS",
        f"arn:aws:iam::{ACCOUNT}:group/people": "AWS",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/nobody/me": "AWS",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{SSO_NAME}": "AWS",
        "arn:aws::iam::123456789012:root": "AWS",
        "12345": "AWS",
        "dev": "AWS",
        "ec3.amazonaws.com": "Service",
        "ec2": "Service",
    }
    site.role("changed")
    for principal, kind in refused.items():
        words = f'Invalid principal in policy: "{kind if kind == "AWS" else kind.upper()}":"{principal}"'
        for make in (
            lambda document: site.role("new", document),
            lambda document: site.iam.update_assume_role_policy(RoleName="changed", PolicyDocument=document),
        ):
            with pytest.raises(ClientError) as error:
                make(trust({kind: [ACCOUNT, principal] if kind == "AWS" else principal}))
            found = error.value.response["Error"]
            assert (found["Code"], found["Message"]) == ("MalformedPolicyDocument", words)
    assert site.iam.get_role(RoleName="changed")["Role"]["AssumeRolePolicyDocument"] == json.loads(trust())


@pytest.mark.parametrize(
    "name", ["elasticmapreduce", "monitoring", "pods.eks", "custom-resource.application-autoscaling"]
)
def test_services_are_known_by_the_names_that_policies_give_them(site: Site, name: str) -> None:
    assert site.role("r", trust({"Service": f"{name}.amazonaws.com"}))


@pytest.mark.parametrize("version", [{}, {"Version": "2008-10-17"}])
def test_a_trust_policy_needs_no_version(site: Site, version: dict[str, str]) -> None:
    document = json.dumps({key: value for key, value in json.loads(trust()).items() if key != "Version"} | version)
    site.role("made", document)
    site.iam.update_assume_role_policy(RoleName="made", PolicyDocument=document)
    assert site.iam.get_role(RoleName="made")["Role"]["AssumeRolePolicyDocument"] == json.loads(document)


@pytest.mark.parametrize("document", ["no policy", "{}", json.dumps({"Version": "2012-10-18", "Statement": []})])
def test_what_is_no_policy_is_refused(site: Site, document: str) -> None:
    with pytest.raises(ClientError, match=r"MalformedPolicyDocument.*Syntax errors in policy"):
        site.role("new", document)


def test_a_trust_policy_without_a_principal_is_refused(site: Site) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}
    with pytest.raises(ClientError, match=r"MalformedPolicyDocument.*Missing required field Principal"):
        site.role("new", json.dumps(document))


def test_the_account_s_administrator_may_assume_every_role_that_trusts_the_account(site: Site) -> None:
    identity = site.session(site.sso).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{SSO_NAME}/me"
    role_id = site.iam.get_role(RoleName=SSO_NAME)["Role"]["RoleId"]
    assert identity["UserId"] == f"{role_id}:me"


def test_trust_in_the_account_needs_a_policy_of_the_caller(site: Site) -> None:
    role = site.role("target")
    with pytest.raises(ClientError) as error:
        site.session(role, site.dev)
    found = error.value.response
    assert (found["Error"]["Code"], found["ResponseMetadata"]["HTTPStatusCode"]) == ("AccessDenied", 403)
    assert found["Error"]["Message"] == (
        f"User: arn:aws:iam::{ACCOUNT}:user/people/dev is not authorized to perform: sts:AssumeRole on resource: {role}"
    )
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/tar*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    site.iam.create_group(GroupName="people")
    site.iam.add_user_to_group(GroupName="people", UserName="dev")
    policy = site.iam.create_policy(PolicyName="assume", PolicyDocument=document)["Policy"]["Arn"]
    site.iam.attach_group_policy(GroupName="people", PolicyArn=policy)
    assert site.session(role, site.dev).get_caller_identity()["Arn"].endswith("assumed-role/target/me")
    site.iam.put_user_policy(UserName="dev", PolicyName="no", PolicyDocument=document.replace("Allow", "Deny"))
    with pytest.raises(ClientError, match=r"AccessDenied.*with an explicit deny in an identity-based policy"):
        site.session(role, site.dev)


def test_trust_in_the_caller_is_enough_and_trust_in_another_is_not(site: Site) -> None:
    mine = site.role("mine", trust({"AWS": f"arn:aws:iam::{ACCOUNT}:user/people/dev"}))
    assert site.session(mine, site.dev)
    with pytest.raises(ClientError, match="AccessDenied"):
        site.session(mine)  # the administrator's policies allow it, but the role does not trust them


def test_sessions_assume_roles_that_trust_their_role(site: Site) -> None:
    deployer = site.role("deployer", trust({"AWS": site.sso}), path="/beacon/", MaxSessionDuration=7200)
    session = site.session(site.sso)
    assert site.session(deployer, session).get_caller_identity()["Arn"].endswith("assumed-role/deployer/me")
    with pytest.raises(ClientError, match=r"ValidationError.*1 hour session limit for roles assumed by role chaining"):
        site.session(deployer, session, DurationSeconds=3601)


def test_a_role_that_does_not_exist_is_denied_in_the_same_words(site: Site) -> None:
    with pytest.raises(ClientError, match=r"AccessDenied.*user/administrator is not authorized.*role/nobody$"):
        site.session(f"arn:aws:iam::{ACCOUNT}:role/nobody")


def test_conditions_of_the_trust_are_asked(site: Site) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "42"}, "StringLike": {"sts:RoleSessionName": "m*"}}
    role = site.role("conditional", trust(Condition=condition))
    assert site.session(role, ExternalId="42")
    for more in ({}, {"ExternalId": "43"}):
        with pytest.raises(ClientError, match="AccessDenied"):
            site.session(role, **more)


def test_tags_of_a_session_need_their_own_right(site: Site) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    with pytest.raises(ClientError, match="not authorized to perform: sts:TagSession"):
        site.session(site.role("plain"), Tags=tags)
    assert site.session(site.role("tagged", trust(Action=["sts:AssumeRole", "sts:TagSession"])), Tags=tags)


def test_a_session_is_as_long_as_its_role_allows(site: Site) -> None:
    role = site.role("short", MaxSessionDuration=3600)
    with pytest.raises(ClientError, match=r"ValidationError.*exceeds the MaxSessionDuration set for this role"):
        site.session(role, DurationSeconds=3601)


@pytest.mark.parametrize("policy", ["not JSON", '{"Statement": "x"}'])
def test_a_session_s_policy_that_is_none_is_refused(site: Site, policy: str) -> None:
    with pytest.raises(ClientError, match=r"\(MalformedPolicyDocument\) when calling the AssumeRole operation"):
        site.session(site.role("any"), Policy=policy)


def test_a_boundary_and_a_session_s_own_policy_limit_what_it_may_assume(site: Site) -> None:
    site.iam.attach_role_policy(RoleName=SSO_NAME, PolicyArn=ADMINISTRATOR)
    target = site.role("target")
    assert site.session(target, site.session(site.sso))
    nothing = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        site.session(target, site.session(site.sso, Policy=nothing))
    policy = site.iam.create_policy(PolicyName="limit", PolicyDocument=nothing)["Policy"]["Arn"]
    site.iam.put_role_permissions_boundary(RoleName=SSO_NAME, PermissionsBoundary=policy)
    with pytest.raises(ClientError, match="AccessDenied"):
        site.session(target, site.session(site.sso))
