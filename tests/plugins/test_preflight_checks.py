"""The preflight's checks: each fault is named with what was found, what is allowed, and the next step."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.module_utils._policies import statements
from plugins.module_utils._preflight import Row, Unknown, message, table
from plugins.module_utils._preflight_checks import (
    InstanceType,
    Quota,
    Zone,
    addon_row,
    ami_row,
    bucket_row,
    choose_zones,
    nodes_row,
    quota_row,
    range_rows,
    receiver_row,
    rights_row,
    secrets_row,
    type_rows,
    unsimulated_row,
    version_row,
)
from plugins.module_utils._preflight_identity import Caller, account_row, caller, identity_row, trust_rows

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role"
SSO = f"{ROLE}/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_1a2b"
ROLES = {
    "deploy": f"{ROLE}/deploy",
    "operators": f"{ROLE}/team/operators",
    "AWSReservedSSO_Admin_1a2b": SSO,
    "alice": f"arn:aws:iam::{ACCOUNT}:user/alice",
}
ABC = [Zone(name=f"eu-west-1{c}", zone_id=f"euw1-az{i}", available=True) for i, c in enumerate("abc", 1)]
TYPES = {
    "t3.medium": InstanceType(vcpus=2, architectures=("x86_64",), zones=frozenset(z.name for z in ABC)),
}


def find(_: str, name: str) -> str | None:
    return ROLES.get(name)


def who(arn: str, answer: Any = find) -> Caller:
    return caller(account=ACCOUNT, arn=arn, region="eu-west-1", find=answer)


@pytest.mark.parametrize(
    ("arn", "kind", "principal"),
    [
        (f"arn:aws:iam::{ACCOUNT}:user/alice", "user", f"arn:aws:iam::{ACCOUNT}:user/alice"),
        (f"{SESSION}/deploy/me", "role", f"{ROLE}/deploy"),
        (f"{SESSION}/operators/me", "role with a path", f"{ROLE}/team/operators"),
        (f"{SESSION}/AWSReservedSSO_Admin_1a2b/me@x", "IAM Identity Center role", SSO),
    ],
)
def test_each_kind_of_identity_is_named_as_a_trust_policy_wants_it(arn: str, kind: str, principal: str) -> None:
    found = who(arn)
    assert (found.kind, found.principal, found.certain) == (kind, principal, True)
    assert identity_row(found).state == "ok"


def test_an_sso_role_that_iam_does_not_tell_is_a_guess_that_says_so() -> None:
    found = who(f"{SESSION}/AWSReservedSSO_Admin_1a2b/me", lambda *_: Unknown("GetRole: AccessDenied"))
    assert (found.principal, found.certain) == (SSO, False)
    assert identity_row(found).state == "warn"
    assert "Allow iam:GetRole" in identity_row(found).step


@pytest.mark.parametrize(
    ("arn", "kind"),
    [
        (f"arn:aws:iam::{ACCOUNT}:root", "the account's root"),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/x", "federated user"),
    ],
)
def test_root_and_federated_users_are_refused_in_words(arn: str, kind: str) -> None:
    row = identity_row(who(arn))
    assert row.state == "problem"
    assert row.needed == f"a user or a role: {kind} can't assume the deployer role"


def test_another_account_is_a_problem_with_both_numbers() -> None:
    row = account_row(who(f"{SESSION}/deploy/me"), wanted="210987654321", alias="acme")
    assert (row.state, row.found) == ("problem", "the credentials are of account 123456789012 (acme)")
    assert row.needed == "beacon_account_id is 210987654321"
    assert 'set beacon_account_id to "123456789012"' in row.step
    assert account_row(who(f"{SESSION}/deploy/me"), wanted="", alias="").needed == "beacon_account_id names none"


def test_trust_in_somebody_who_is_not_there_is_a_problem_that_tells_the_right_arn() -> None:
    rows = trust_rows(who(f"{SESSION}/deploy/me"), [f"{ROLE}/operators", f"{ROLE}/deploy"], find=find)
    assert [row.state for row in rows] == ["problem"]
    assert rows[0].found == f"{ROLE}/operators does not exist"
    assert rows[0].needed == f"its ARN is {ROLE}/team/operators"


def test_trust_lists_users_and_roles_and_the_caller_is_told_when_missing() -> None:
    me = who(f"{SESSION}/deploy/me")
    assert trust_rows(me, [], find=find)[0].step == f'Set it in the inventory; you are "{ROLE}/deploy".'
    assert trust_rows(me, [f"arn:aws:iam::{ACCOUNT}:root"], find=find)[0].state == "problem"
    states = [row.state for row in trust_rows(me, [f"arn:aws:iam::{ACCOUNT}:user/alice"], find=find)]
    assert states == ["ok", "warn"]
    assert trust_rows(me, [f"{ROLE}/deploy"], find=find)[0].state == "ok"


def quota(**changes: Any) -> Row:
    facts = {
        "name": "Elastic IPs",
        "service": "ec2",
        "code": "L-0263D0A3",
        "limit": 5.0,
        "used": 1,
        "own": 0,
        "needed": 5,
    }
    return quota_row(Quota(**{**facts, **changes}))


def test_one_address_in_use_of_five_is_one_too_many() -> None:
    row = quota(way_out="Or set infrastructure_single_nat_gateway: true, which needs one less.")
    assert (row.state, row.found, row.needed) == (
        "problem",
        "1 of 5 in use, 0 by this environment",
        "5 more, 5 in all",
    )
    assert "--quota-code L-0263D0A3 --desired-value 6. Or set infrastructure_single_nat_gateway: true" in row.step


@pytest.mark.parametrize("facts", [{"needed": 4}, {"used": 5, "own": 5}, {"used": 0}])
def test_what_the_environment_has_counts_as_had(facts: dict[str, int]) -> None:
    assert quota(**facts).state == "ok"


def test_a_quota_that_may_not_be_read_is_a_warning() -> None:
    row = quota(limit=Unknown("GetServiceQuota: AccessDeniedException"))
    assert (row.state, row.step) == (
        "warn",
        "Allow servicequotas:GetServiceQuota, or look at the quota in the console.",
    )


def chosen(
    zones: list[Zone] = ABC, *, named: Any = (), had: Any = ("", ""), types: Any = TYPES
) -> tuple[list[str], Row]:
    names, rows = choose_zones(zones, named=named, had=had, types=types, count=2)
    return names, rows[-1]


@pytest.mark.parametrize("zone_id", ["use1-az3", "usw1-az2", "cac1-az3"])
def test_zones_that_eks_refuses_or_that_are_away_are_not_chosen(zone_id: str) -> None:
    zones = [Zone(name="eu-west-1a", zone_id=zone_id, available=True), *ABC[1:]]
    assert chosen(zones)[0] == ["eu-west-1b", "eu-west-1c"]
    zones[1] = Zone(name="eu-west-1b", zone_id="euw1-az2", available=False)
    names, row = chosen(zones)
    assert (names, row.state) == ([], "problem")
    assert f"eu-west-1a: is {zone_id}, which EKS refuses" in row.found


def test_a_zone_without_the_instance_type_is_not_chosen() -> None:
    types = {
        "t3.medium": InstanceType(vcpus=2, architectures=("x86_64",), zones=frozenset({"eu-west-1a", "eu-west-1c"}))
    }
    assert chosen(types=types)[0] == ["eu-west-1a", "eu-west-1c"]


def test_zones_of_existing_subnets_stay() -> None:
    assert chosen(had=("eu-west-1c", "eu-west-1b"))[0] == ["eu-west-1c", "eu-west-1b"]
    assert chosen(had=("", "eu-west-1a"))[0] == ["eu-west-1b", "eu-west-1a"]


def test_named_zones_are_checked() -> None:
    assert chosen(named=["eu-west-1c", "eu-west-1a"])[1].state == "ok"
    row = chosen(named=["eu-west-1a", "eu-west-1z"])[1]
    assert (row.state, row.found) == ("problem", "eu-west-1z is no zone that this account has")
    assert row.needed == "allowed are eu-west-1a, eu-west-1b, eu-west-1c"
    row = chosen(named=["eu-west-1a", "eu-west-1b"], had=("eu-west-1a", "eu-west-1c"))[1]
    assert (row.state, row.found) == ("problem", "subnets would move: eu-west-1c is to be eu-west-1b")


def test_types_images_and_versions() -> None:
    arm = {"t4g.small": InstanceType(vcpus=2, architectures=("arm64",), zones=frozenset())}
    rows = type_rows(["t4g.small", "t9.huge"], arm, region="eu-west-1")
    assert [(row.state, row.found) for row in rows] == [
        ("problem", "t4g.small is arm64"),
        ("problem", "eu-west-1 has no t9.huge"),
    ]
    assert ami_row([], pattern="debian-13-amd64-*", owner="136693071363").state == "problem"
    assert ami_row(["debian-13-amd64-1"], pattern="debian-13-amd64-*", owner="1").found == "debian-13-amd64-1"
    assert version_row(None, version="1.40").found == "EKS has no 1.40"
    assert version_row("EXTENDED_SUPPORT", version="1.29").state == "warn"
    assert version_row("STANDARD_SUPPORT", version="1.36").state == "ok"


def test_addons_have_a_version_and_the_pinned_one() -> None:
    had = {"coredns": ["v1.12.1", "v1.11.9"], "vpc-cni": []}
    row = addon_row(had, pinned={"coredns": "v1.10.0"}, version="1.36")
    assert (row.state, row.found) == ("problem", "EKS does not have coredns v1.10.0 (EKS has v1.12.1), vpc-cni")
    assert addon_row({"coredns": ["v1.12.1"]}, pinned={"coredns": "v1.12.1"}, version="1.36").state == "ok"
    assert (
        addon_row({"coredns": Unknown("DescribeAddonVersions: AccessDenied")}, pinned={}, version="1.36").state
        == "warn"
    )


@pytest.mark.parametrize("example", ["192.0.2.1/32", "198.51.100.0/24", "203.0.113.128/25"])
def test_ranges_for_examples_are_nobodys(example: str) -> None:
    (row,) = range_rows({"http_allowed_cidrs": [example]}, problems=[], documentation_allowed=False)
    assert (row.state, row.found) == ("problem", f"http_allowed_cidrs holds {example}, a range for examples (RFC 5737)")
    assert range_rows({"http_allowed_cidrs": [example]}, problems=[], documentation_allowed=True)[0].state == "ok"


def test_half_the_internet_is_no_range_for_ssh_but_one_for_http() -> None:
    ranges = {"ssh_allowed_cidrs": ["128.0.0.0/1"], "http_allowed_cidrs": ["0.0.0.0/0"]}
    (row,) = range_rows(ranges, problems=[], documentation_allowed=False)
    assert row.found == "ssh_allowed_cidrs holds 128.0.0.0/1, 2,147,483,648 addresses"
    assert row.needed == "your own ranges, /8 or smaller"


def test_what_the_network_check_says_is_a_row_each() -> None:
    rows = range_rows({}, problems=["one", "two"], documentation_allowed=False)
    assert [(row.state, row.found) for row in rows] == [("problem", "one"), ("problem", "two")]


def test_a_range_of_nodes_that_nothing_moves_in_is_told() -> None:
    assert nodes_row(smallest=3, desired=3, largest=3).state == "ok"
    for row in (nodes_row(smallest=2, desired=2, largest=6), nodes_row(smallest=1, desired=2, largest=2)):
        assert row.state == "warn"
        assert row.found.endswith("but nothing adds or removes nodes by itself: it stays 2")
        assert (
            row.step == "Correct infrastructure_node_count; how to change the number of nodes: "
            "https://github.com/beacon/platform/blob/main/docs/site/howto.md#change-the-number-of-nodes"
        )


def test_alerts_that_reach_nobody_are_a_problem_unless_the_inventory_says_so() -> None:
    row = receiver_row(receivers=[], receiver="nobody", routed=False, required=True)
    assert (row.state, row.found) == (
        "problem",
        "alertmanager_receiver is nobody, and there are no receivers: alerts reach nobody",
    )
    assert receiver_row(receivers=[], receiver="nobody", routed=False, required=False).state == "ok"
    assert receiver_row(receivers=["team"], receiver="team", routed=False, required=True).state == "ok"
    assert receiver_row(receivers=["team"], receiver="nobody", routed=True, required=True).state == "warn"
    assert receiver_row(receivers=["team"], receiver="nobody", routed=False, required=True).state == "problem"


def test_rights_by_simulation_and_by_dry_run() -> None:
    row = rights_row(["eks:CreateCluster", "kms:CreateKey"], asked=200)
    assert (row.state, row.found) == ("problem", "2 missing: eks:CreateCluster, kms:CreateKey")
    assert rights_row([], asked=200).state == "ok"
    assert unsimulated_row("denied", allowed=["ec2:AllocateAddress"], refused=[]).state == "warn"
    assert unsimulated_row("denied", allowed=[], refused=["ec2:AllocateAddress"]).state == "problem"


def test_somebody_elses_bucket_is_a_problem() -> None:
    assert bucket_row(name="b", exists=True, foreign="The bucket 'b' exists, but …").state == "problem"
    assert bucket_row(name="b", exists=False).found == "b is made by the first run"


def test_secrets_that_nobody_can_read_end_by_destroy() -> None:
    row = secrets_row({"arn:key": ("is deleted on 2026-12-06", ["/a", "/b"])}, environment="prod")
    assert (row.state, row.found) == ("problem", "/a, /b: their key arn:key is deleted on 2026-12-06")
    assert row.step.startswith(
        "Run beacon.platform.destroy with -e confirm=prod, which ends what an interrupted one has left"
    )
    assert secrets_row({}, environment="prod").state == "ok"
    assert secrets_row(Unknown("no"), environment="prod").found == "not asked (no)"


def test_the_table_is_aligned_and_the_worst_comes_last() -> None:
    rows = [
        Row(check="zones", state="problem", found="a " * 40, needed="b", step="Do it."),
        Row(check="account", state="ok", found="1"),
    ]
    lines = table(rows).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[0].startswith("| state   | check   | found")
    assert [line.split("|")[1].strip() for line in lines[2:] if line.split("|")[1].strip()] == ["ok", "problem"]


def test_the_message_names_every_problem() -> None:
    rows = [Row(check=c, state="problem", found=c, needed="n", step=f"Fix {c}.") for c in ("zones", "AMI")]
    assert message(rows) == (
        "2 problems, and nothing was changed. (1) zones: zones; needed or allowed: n. Fix zones. "
        "(2) AMI: AMI; needed or allowed: n. Fix AMI."
    )
    assert message([Row(check="c", state="warn", found="x")]) == ""


def test_a_policy_is_read_with_an_accounts_values() -> None:
    text = '{"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::b-${environment}/*"]}]}'
    (read,) = statements(text, environment="prod")
    assert (read.actions, read.resources) == (("s3:GetObject",), ("arn:aws:s3:::b-prod/*",))
    with pytest.raises(ValueError, match=r"holds \$\{environment\}, which is unknown; allowed are \$\{region\}"):
        statements(text, region="eu-west-1")
    with pytest.raises(ValueError, match="is not `Allow` of `Action` on `Resource`"):
        statements('{"Statement": [{"Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*"}]}')
    with pytest.raises(ValueError, match="statement Tags has the condition StringLike; allowed is StringEquals"):
        statements(
            '{"Statement": [{"Sid": "Tags", "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": '
            '{"StringLike": {"aws:ResourceTag/Environment": "*"}}}]}'
        )
