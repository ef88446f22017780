"""Service accounts' tokens open sessions of the roles that trust their cluster's issuer (IAM roles for service accounts)."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import boto3
import jwt
import pytest
import requests
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec

from localcloud.conftest import trust

if TYPE_CHECKING:
    from localcloud.eks.tests.conftest import Site

SUBJECT = "system:serviceaccount:apps:pages"
PARAMETER = "arn:aws:ssm:eu-west-1:123456789012:parameter/pages"


class Accounts:
    """A cluster's issuer as IAM knows it, and a role for one of its service accounts."""

    def __init__(self, site: Site) -> None:
        self.site, self.iam = site, site.cloud.client("iam")
        self.issuer = site.create()["identity"]["oidc"]["issuer"]
        self.name = self.issuer.removeprefix("https://")
        made = self.iam.create_open_id_connect_provider(Url=self.issuer, ClientIDList=["sts.amazonaws.com"])
        self.provider = made["OpenIDConnectProviderArn"]
        self.role = self.make_role("pages")

    def make_role(self, name: str, **more: Any) -> str:
        condition = {"StringEquals": {f"{self.name}:sub": SUBJECT, f"{self.name}:aud": "sts.amazonaws.com"}}
        document = trust(
            {"Federated": self.provider}, Action="sts:AssumeRoleWithWebIdentity", Condition=condition, **more
        )
        return str(self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])

    def token(self, key: Any = None, **claims: Any) -> str:
        """Issue a token as the API server does."""
        now = int(time.time())
        told = {"iss": self.issuer, "sub": SUBJECT, "aud": ["sts.amazonaws.com"], "iat": now, "exp": now + 3600}
        signing = key or self.site.plane_files["etc/kubernetes/pki/sa.key"]
        return jwt.encode(told | claims, signing, algorithm="ES256")

    def ask(self, token: str, role: str = "", **more: Any) -> Any:
        unsigned = Config(signature_version=UNSIGNED, retries={"max_attempts": 1})
        endpoint = self.site.cloud.endpoint
        sts = boto3.client("sts", endpoint_url=endpoint, region_name="eu-west-1", config=unsigned)
        return sts.assume_role_with_web_identity(
            RoleArn=role or self.role, RoleSessionName="pod", WebIdentityToken=token, **more
        )

    def refused(self, token: str, role: str = "", **more: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as error:
            self.ask(token, role, **more)
        return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.fixture
def accounts(site: Site) -> Accounts:
    return Accounts(site)


def test_a_token_opens_a_session_with_the_rights_of_its_role(accounts: Accounts) -> None:
    answer = accounts.ask(accounts.token())
    assert answer["SubjectFromWebIdentityToken"] == SUBJECT
    assert (answer["Audience"], answer["Provider"]) == ("sts.amazonaws.com", accounts.provider)
    made = answer["Credentials"]
    key = (made["AccessKeyId"], made["SecretAccessKey"])
    session = accounts.site.cloud.client("sts", key=key, token=made["SessionToken"])
    arn = "arn:aws:sts::123456789012:assumed-role/pages/pod"
    assert session.get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"] == arn
    ssm = accounts.site.cloud.client("ssm", key=key, token=made["SessionToken"])
    with pytest.raises(ClientError, match=f"{arn} is not authorized to perform: ssm:GetParameter"):
        ssm.get_parameter(Name="/pages")
    statement = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": PARAMETER}
    allow = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    accounts.iam.put_role_policy(RoleName="pages", PolicyName="read", PolicyDocument=allow)
    accounts.site.cloud.client("ssm").put_parameter(Name="/pages", Value="shown", Type="String")
    assert ssm.get_parameter(Name="/pages")["Parameter"]["Value"] == "shown"


def test_a_token_that_is_not_the_issuers_is_refused(accounts: Accounts) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    assert accounts.refused(accounts.token(stranger)) == (
        "InvalidIdentityToken",
        "The ID Token provided can't be verified: Signature verification failed",
    )
    bare = jwt.encode({"iss": accounts.issuer, "sub": SUBJECT, "aud": "sts.amazonaws.com"}, "", algorithm="none")
    assert accounts.refused(bare)[0] == "InvalidIdentityToken"
    symmetric = jwt.encode(
        {"iss": accounts.issuer, "sub": SUBJECT}, "as long as a symmetric key has to be here", algorithm="HS256"
    )
    assert accounts.refused(symmetric)[0] == "InvalidIdentityToken"
    assert accounts.refused("made-up")[1].startswith("The ID Token provided is not a valid JWT.")


@pytest.mark.parametrize(
    ("claims", "code", "message"),
    [
        ({"exp": 1_700_000_000}, "ExpiredTokenException", "must be before the expiration date/time 1700000000"),
        ({"aud": "https://kubernetes.default.svc"}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"iss": "https://issuer.example"}, "InvalidIdentityToken", "No OpenIDConnect provider found in your account"),
        ({"nbf": 4_000_000_000}, "InvalidIdentityToken", "not yet valid"),
        ({"sub": "system:serviceaccount:apps:other"}, "AccessDenied", "Not authorized to perform sts:AssumeRoleWith"),
    ],
)
def test_a_token_for_something_else_is_refused(
    accounts: Accounts, claims: dict[str, Any], code: str, message: str
) -> None:
    said = accounts.refused(accounts.token(**claims))
    assert said[0] == code
    assert message in said[1]


def test_a_role_that_is_not_there_is_refused_like_one_that_trusts_others(accounts: Accounts) -> None:
    others = accounts.iam.create_role(RoleName="others", AssumeRolePolicyDocument=trust())["Role"]["Arn"]
    denied = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    assert accounts.refused(accounts.token(), others) == denied
    assert accounts.refused(accounts.token(), "arn:aws:iam::123456789012:role/none") == denied


def test_a_provider_whose_keys_can_not_be_had_is_told(accounts: Accounts) -> None:
    accounts.iam.create_open_id_connect_provider(Url="https://issuer.example", ClientIDList=["sts.amazonaws.com"])
    said = accounts.refused(accounts.token(iss="https://issuer.example"))
    assert said[1].startswith("Couldn't retrieve verification key from your identity provider")


def test_a_session_is_as_long_and_as_narrow_as_may_be(accounts: Accounts) -> None:
    assert accounts.refused(accounts.token(), DurationSeconds=7200)[1].endswith(
        "exceeds the MaxSessionDuration set for this role."
    )
    assert accounts.refused(accounts.token(), Policy='{"Statement": 1}')[0] == "MalformedPolicyDocument"


def test_without_a_signature_nothing_else_can_be_asked(accounts: Accounts) -> None:
    endpoint, token = accounts.site.cloud.endpoint, accounts.token()
    form = {"Version": "2011-06-15", "RoleArn": accounts.role, "RoleSessionName": "pod", "WebIdentityToken": token}
    opens = {**form, "Action": "AssumeRoleWithWebIdentity"}
    assert requests.post(endpoint + "/", data=opens, timeout=5).status_code == 200
    twice = [*opens.items(), ("Action", "GetCallerIdentity")]
    for path, data, headers in (
        ("/", {**form, "Action": "GetCallerIdentity"}, {}),
        ("/", twice, {}),
        ("/", twice[::-1], {}),
        ("/bucket/key", opens, {}),
        ("/?Action=ListUsers", opens, {}),
        ("/", opens, {"Authorization": "x y"}),
        ("/", opens, {"X-Amz-Target": "AmazonSSM.GetParameter"}),
    ):
        answer = requests.post(endpoint + path, data=data, headers=headers, timeout=5)
        assert (answer.status_code, "Credentials" in answer.text) == (
            403 if "Target" not in str(headers) else 400,
            False,
        )
