"""How large the inline policies of somebody may be together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.conftest import trust

if TYPE_CHECKING:
    from localcloud.conftest import Cloud


def policy(size: int) -> str:
    """Return a policy of so many characters, and white space that does not count."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    empty = len(json.dumps(document, separators=(",", ":")))
    statement["Resource"] += "x" * (size - empty)
    return json.dumps(document, indent=8)


def test_inline_policies_count_together(cloud: Cloud) -> None:
    iam: Any = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust())
    iam.put_role_policy(RoleName="r", PolicyName="a", PolicyDocument=policy(6000))
    iam.put_role_policy(RoleName="r", PolicyName="a", PolicyDocument=policy(6240))  # in the place of the one before
    iam.put_role_policy(RoleName="r", PolicyName="b", PolicyDocument=policy(4000))
    with pytest.raises(ClientError, match=r"LimitExceeded.*Maximum policy size of 10240 bytes exceeded for role r"):
        iam.put_role_policy(RoleName="r", PolicyName="c", PolicyDocument=policy(400))


@pytest.mark.parametrize(("kind", "most"), [("user", 2048), ("group", 5120)])
def test_users_and_groups_have_less(cloud: Cloud, kind: str, most: int) -> None:
    iam: Any = cloud.client("iam")
    name = {f"{kind.capitalize()}Name": "n"}
    getattr(iam, f"create_{kind}")(**name)
    put = getattr(iam, f"put_{kind}_policy")
    put(**name, PolicyName="a", PolicyDocument=policy(most))
    with pytest.raises(ClientError, match=rf"LimitExceeded.*Maximum policy size of {most} bytes exceeded for {kind} n"):
        put(**name, PolicyName="b", PolicyDocument=policy(200))
