"""The least policies that allow what was recorded: `make permissions` writes them into terraform/permissions.

Each recorded resource becomes the ARN pattern that the same resource has in any environment (RULES); an action stands in one
statement, on all patterns that it was asked for. Rights that no run on the local cloud asks for are in `unrecorded.toml`, each
with a reason and a source.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NotRequired, TypedDict

from tests.contracts.terraform_files import PERMISSIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

UNRECORDED = Path(__file__).with_name("unrecorded.toml")
FILES = {
    "deployer": "deployer.json.tftpl",
    "monitoring": "monitoring.json.tftpl",
    "provision": "provision/{}.json",
    "verifier": "verifier.json.tftpl",
}
# The documents of a policy that is too long for one, each with the services of its actions
DOCUMENTS = {
    "provision": {
        "cluster": {"autoscaling", "ecr", "eks", "elasticloadbalancing"},
        "data": {"kms", "logs", "s3", "ssm"},
        "identities": {"iam", "sts"},
        "network": {"ec2", "servicequotas", "tag"},
    }
}
EVERYTHING = "*"
# Asked for, and not needed: who asks goes on without an answer
NOT_NEEDED = {"ec2:GetInstanceUefiData"}  # Terraform's provider asks it of an image, as if that were an instance
# Questions about the caller, whose own role has any name, and the account; AWS's reference knows no resource of CreateCluster
UNNAMED = {"eks:CreateCluster", "iam:GetRole", "iam:SimulatePrincipalPolicy", "servicequotas:GetServiceQuota"}
# Condition keys of recorded calls, as policies write them
KEYS = {
    "aws:resourcetag/environment": "aws:ResourceTag/Environment",
    "ec2:createaction": "ec2:CreateAction",
    "iam:awsservicename": "iam:AWSServiceName",
    "iam:passedtoservice": "iam:PassedToService",
    "kms:encryptioncontext:aws:s3:arn": "kms:EncryptionContext:aws:s3:arn",
    "kms:viaservice": "kms:ViaService",
}
TAG = "aws:resourcetag/environment"
VIA_SERVICE = "kms:viaservice"
VIA = KEYS[VIA_SERVICE]
# Condition keys, in statements' Sids
CONDITIONS = {
    VIA: "ByServices",
    "aws:ResourceTag/Environment": "OfTheEnvironment",
    "ec2:CreateAction": "AsItIsMade",
    "iam:AWSServiceName": "OfAWS",
    "iam:PassedToService": "Passed",
}
BACKUP, STATE = "beacon-${environment}-backup-${account_id}", "${state_bucket}"


class Call(TypedDict):
    """An action on a resource, with condition keys."""

    action: str
    resource: str | None  # None where the request names none, and AWS finds it: an association's address
    context: NotRequired[dict[str, list[str]]]


class Statement(TypedDict):
    """A statement of a policy."""

    Sid: str
    Effect: str
    Action: list[str]
    Resource: list[str]
    Condition: NotRequired[dict[str, dict[str, list[str]]]]


@dataclass(frozen=True)
class Rule:
    """What a recorded resource is in any environment."""

    service: str  # the action's, or how a key is used
    recorded: str  # a regular expression of the ARN's last part
    name: str  # in the statement's Sid
    patterns: tuple[str, ...]


def arns(service: str, *names: str) -> tuple[str, ...]:
    """Return ARN patterns of the account: S3's are of no account, IAM's of no region."""
    region, account = {"iam": ("", "${account_id}"), "s3": ("", "")}.get(service, ("${region}", "${account_id}"))
    return tuple(f"arn:${{partition}}:{service}:{region}:{account}:{name}" for name in names)


# The first that matches. Sub-resources that AWS asks for beside a named one come with it: a listener's tags, an alias' key.
ECR = Rule("ecr", r"repository/beacon-test/.*", "ECR", arns("ecr", "repository/beacon-${environment}/*"))
SSM = Rule("ssm", r"parameter/beacon/test/.*", "SSM", arns("ssm", "parameter/beacon/${environment}/*"))
ENVIRONMENT_ROLES = arns(
    "iam", "role/beacon-${environment}-*", "role/vpc-flow-log-role-*", "role/workers-eks-node-group-*"
)
PROVISION = (
    Rule(
        "autoscaling",
        r".*/eks-workers-.*",
        "NodeGroups",
        arns("autoscaling", "autoScalingGroup:*:autoScalingGroupName/eks-workers-*"),
    ),
    # nothing of EC2 is named by its environment, and images are of any account
    Rule("ec2", r".*", "EC2", (*arns("ec2", "*"), "arn:${partition}:ec2:${region}::image/*")),
    ECR,
    Rule(
        "eks",
        r"[\w-]+/beacon-test(/.*)?",
        "Cluster",
        arns(
            "eks",
            "access-entry/beacon-${environment}/*",
            "addon/beacon-${environment}/*",
            "cluster/beacon-${environment}",
            "nodegroup/beacon-${environment}/*",
        ),
    ),
    Rule(
        "elasticloadbalancing",
        r"[\w-]+/.*beacon-test.*",
        "ELB",
        arns(
            "elasticloadbalancing",
            "listener/*/beacon-${environment}/*",
            "loadbalancer/*/beacon-${environment}/*",
            "targetgroup/beacon-${environment}-*/*",
        ),
    ),
    Rule(
        "iam",
        r"(instance-profile|policy)/(beacon-test|vpc-flow-log)-.*|user/.*",
        "Identities",  # each of their actions knows one of these kinds only
        arns(
            "iam",
            "instance-profile/beacon-${environment}-*",
            "policy/beacon-${environment}-*",
            "policy/vpc-flow-log-to-cloudwatch-*",
            "user/*",
        ),
    ),
    Rule("iam", r"role/(beacon-test|vpc-flow-log|workers)-.*", "Roles", ENVIRONMENT_ROLES),
    Rule("iam", r"role/aws-service-role/.*", "Roles", arns("iam", "role/aws-service-role/*")),
    Rule(VIA_SERVICE, r"key/.*", "Keys", arns("kms", "key/*")),
    Rule("kms", r"(key|alias)/.*", "Keys", arns("kms", "alias/*beacon-${environment}", "key/*")),
    Rule(
        "logs",
        r"log-group:/aws/(eks/beacon-test|vpc-flow-log)/.*",
        "Logs",
        arns("logs", "log-group:/aws/eks/beacon-${environment}/*", "log-group:/aws/vpc-flow-log/*"),
    ),
    Rule(
        "s3",
        r"beacon-test-.*",
        "Buckets",
        arns("s3", BACKUP, f"{BACKUP}/*", STATE, f"{STATE}/*"),
    ),
    SSM,
    Rule("sts", r"role/beacon-test-.*", "Roles", ENVIRONMENT_ROLES),  # of which two trust anybody but a service
)
ROLES = (
    Rule("ec2", r"instance/.*", "Hosts", arns("ec2", "instance/*")),
    Rule("ec2", r"key-pair/beacon-test", "KeyPair", arns("ec2", "key-pair/beacon-${environment}")),
    Rule("ec2", r"key-pair/\*", "NewKeyPair", arns("ec2", "key-pair/*")),
    ECR,
    Rule("eks", r"cluster/beacon-test", "Cluster", arns("eks", "cluster/beacon-${environment}")),
    Rule("eks", r"nodegroup/beacon-test/.*", "Nodegroups", arns("eks", "nodegroup/beacon-${environment}/*")),
    Rule(VIA_SERVICE, r"key/1", "Key", ("${key}",)),
    Rule("kms", r"key/1", "ImagesKey", ("${images_key}",)),  # services use the other one
    Rule("s3", r"beacon-test-state-\d+", "BucketOfTheState", arns("s3", STATE)),
    Rule("s3", r"beacon-test-state-\d+/terraform\.tfstate", "State", arns("s3", f"{STATE}/terraform.tfstate")),
    Rule(
        "s3",
        r"beacon-test-state-\d+/terraform\.tfstate\.tflock",
        "State",
        arns("s3", f"{STATE}/terraform.tfstate.tflock"),
    ),
    Rule("s3", r"beacon-test-backup-\d+", "BucketOfBackups", arns("s3", BACKUP)),
    # what restic lets end, and what it never does
    Rule(
        "s3",
        r"beacon-test-backup-\d+/.*/(data|index|locks|snapshots)/.*",
        "Backups",
        arns("s3", *(f"{BACKUP}/*/{folder}/*" for folder in ("data", "index", "locks", "snapshots"))),
    ),
    Rule(
        "s3",
        r"beacon-test-backup-\d+/.*/(config|keys/.*)",
        "Repository",
        arns("s3", f"{BACKUP}/*/config", f"{BACKUP}/*/keys/*"),
    ),
    SSM,
)
# It reads two log-ins and a certificate, and no private key beside them: each by its name
NAMED = Rule("ssm", r"parameter/beacon/test/([\w-]+)", "SSM", arns("ssm", r"parameter/beacon/${environment}/\1"))
RULES = {"deployer": ROLES, "monitoring": ROLES, "nodes": ROLES, "provision": PROVISION, "verifier": (NAMED, *ROLES)}


@dataclass(frozen=True, kw_only=True)
class Unrecorded:
    """Rights that no run on the local cloud asks for."""

    whose: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    reason: str
    source: str
    context: Mapping[str, list[str]]

    def calls(self) -> list[Call]:
        """Return them as if they had been recorded."""
        found = [Call(action=action, resource=resource) for action in self.actions for resource in self.resources]
        return [Call(**call, context=dict(self.context)) for call in found] if self.context else found


def unrecorded() -> list[Unrecorded]:
    """Return the list of unrecorded.toml."""
    return [
        Unrecorded(
            whose=tuple(item["whose"]),
            actions=tuple(item["actions"]),
            resources=tuple(item["resources"]),
            reason=item["reason"],
            source=item["source"],
            context=item.get("context", {}),
        )
        for item in tomllib.loads(UNRECORDED.read_text())["right"]
    ]


def needed(who: str, recorded: Iterable[Call], *, more: Iterable[Unrecorded] | None = None) -> list[Call]:
    """Return the recorded calls that need an answer, and the unrecorded ones, of a caller."""
    rights = unrecorded() if more is None else more
    others = [call for right in rights if who in right.whose for call in right.calls()]
    # the log knows no tags of resources: what is bounded by them stays so when a run asks for it
    tagged = {call["action"]: call["context"] for call in others if TAG in call.get("context", {})}
    given = [
        Call(**call | {"context": tagged[call["action"]]}) if call["action"] in tagged else call for call in recorded
    ]
    return [*(call for call in given if call["action"] not in NOT_NEEDED), *others]


def patterns(who: str, call: Call) -> dict[str, str]:
    """Return the ARN patterns that a call needs, with the names of their rules. Raises ValueError where no rule fits."""
    action, resource = call["action"], call["resource"]
    if action in UNNAMED or resource == EVERYTHING:
        return {EVERYTHING: "Nameless"}
    service = VIA_SERVICE if VIA_SERVICE in call.get("context", {}) else action.partition(":")[0]
    rest = resource.split(":", 5)[5] if resource else ""
    for rule in RULES[who]:
        if rule.service == service and (found := re.fullmatch(rule.recorded, rest)):
            return {found.expand(each) if "\\" in each else each: rule.name for each in rule.patterns}
    raise ValueError(
        f"{action} was asked for {resource} by {who}, and no rule says what that is in any environment: "
        "add one to RULES of tests/contracts/policies.py"
    )


def policy(who: str, recorded: Iterable[Call], *, more: Iterable[Unrecorded] | None = None) -> str:
    """Return the least policy of a caller, as IAM's JSON with `${environment}` and the like."""
    calls: dict[str, list[Call]] = defaultdict(list)
    for call in needed(who, recorded, more=more):
        calls[call["action"]].append(call)
    services = _values(
        VIA_SERVICE, (call for asked in calls.values() for call in asked)
    )  # one statement for all of a key
    statements: dict[str, Statement] = {}
    for action, asked in sorted(calls.items()):
        found: dict[str, str] = {}
        for call in asked:
            found = patterns(who, call) | found
        condition = _condition(asked)
        if VIA in condition:
            condition[VIA] = services
        statement = Statement(Sid=_sid(found, condition), Effect="Allow", Action=[], Resource=sorted(found))
        if condition:
            statement["Condition"] = {"StringEquals": condition}
        statements.setdefault(json.dumps([sorted(found), condition]), statement)["Action"].append(action)
    written = sorted(statements.values(), key=lambda statement: (statement["Sid"], statement["Action"]))
    for sid, number in Counter(statement["Sid"] for statement in written).items():
        if number > 1:
            for index, statement in enumerate((each for each in written if each["Sid"] == sid), start=1):
                statement["Sid"] += str(index)
    return json.dumps({"Version": "2012-10-17", "Statement": [_short(each) for each in written]}, indent=2) + "\n"


def _short(statement: Statement) -> dict[str, object]:
    """Return a statement whose lists of one are that one: a role's policies are counted by the character."""
    return {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in statement.items()}


def _sid(found: Mapping[str, str], condition: Mapping[str, list[str]]) -> str:
    """Return a statement's name, by its resources and its condition."""
    suffix = "".join(CONDITIONS[key] for key in CONDITIONS if key in condition)
    return "".join(sorted(set(found.values()))) + suffix


def _condition(asked: Sequence[Call]) -> dict[str, list[str]]:
    """Return the values of the condition keys that every call of an action has."""
    contexts = [call.get("context", {}) for call in asked]
    common = set.intersection(*(set(context) for context in contexts))
    return {KEYS[key]: _values(key, asked) for key in sorted(common)}


def _values(key: str, asked: Iterable[Call]) -> list[str]:
    """Return the values of a condition key in any of the calls."""
    return sorted({_general(value) for call in asked for value in call.get("context", {}).get(key, ())})


def _general(value: str) -> str:
    """Return a condition's value as it is in any environment."""
    for ours, general in (
        ("arn:aws:", "arn:${partition}:"),
        ("beacon-test", "beacon-${environment}"),
        ("eu-west-1", "${region}"),
        ("123456789012", "${account_id}"),
    ):
        value = value.replace(ours, general)
    return "${environment}" if value == "test" else value


def files(record: Mapping[str, Iterable[Call]]) -> dict[str, str]:
    """Return the text of each file of the policies that a record covers. Raises ValueError for a service without a document."""
    found: dict[str, str] = {}
    for who, name in FILES.items():
        if who not in DOCUMENTS:
            found[name] = policy(who, record[who])
            continue
        calls = needed(who, record[who])
        if lost := {_service(call) for call in calls}.difference(*DOCUMENTS[who].values()):
            raise ValueError(
                f"{who} asks for {', '.join(sorted(lost))}: name a document in DOCUMENTS of {Path(__file__).name}"
            )
        for document, services in DOCUMENTS[who].items():
            found[name.format(document)] = policy(who, [call for call in calls if _service(call) in services], more=())
    return found


def _service(call: Call) -> str:
    """Return the service of a call's action."""
    return call["action"].partition(":")[0]


def write(record: Mapping[str, Iterable[Call]]) -> None:
    """Write each policy that a record covers."""
    for name, text in files(record).items():
        (PERMISSIONS / name).write_text(text)
