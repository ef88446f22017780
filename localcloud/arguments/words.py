"""In which code and words a service refuses an argument.

Services on AWS's common framework say "1 validation error detected: …", as ValidationError (query) or ValidationException
(JSON); EC2, ECR and S3 have words of their own:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from localcloud.arguments.model import Kind, message
from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from localcloud.arguments.model import Violation
    from localcloud.arguments.wire import Malformed

# each service's own code, where it is not the protocol's: the errors that its operations list in the API reference
CODES = {
    "ecr": "InvalidParameterException",
    "eks": "InvalidParameterException",
    "logs": "InvalidParameterException",
    "route53": "InvalidInput",
    "resourcegroupstaggingapi": "InvalidParameterException",
}
# the only patterns of EKS' requests are of its clusters' names; words: https://github.com/surajincloud/kubectl-eks/issues/72
EKS_NAME = (
    'The {} parameter contains invalid characters. It should conform to the regular expression "{}"In other words, it '
    "should start with a number or letter, and can contain numbers, letters, dashes, and underscores."
)
NO_XML = "The XML you provided was not well-formed or did not validate against our published schema"
TOKENS = {
    str: "STRING_VALUE",
    int: "NUMBER_VALUE",
    float: "NUMBER_VALUE",
    dict: "Start of structure or map",
    list: "Start of list",
}


def of_violations(operation: OperationModel, protocol: str, wrong: list[Violation]) -> Fault | None:
    """Return what a service says of values that its model does not allow; None where it takes them all the same."""
    service, first = operation.service_model.service_name, wrong[0]
    if service == "ec2":
        refused = next((one for one in wrong if not _taken_by_ec2(one)), None)
        return _ec2(operation.name, refused) if refused else None
    if service == "s3":
        return _s3(operation, first)
    wrong = [_lowered(one) for one in wrong]
    first = wrong[0]
    if service == "ecr":
        words = _ecr(first)
    elif service == "eks" and first.kind is Kind.PATTERN:
        words = EKS_NAME.format(first.at, first.limit)
    else:
        words = message(wrong)
    default = "ValidationError" if protocol == "query" else "ValidationException"
    return Fault(code=CODES.get(service, default), message=words)


def of_malformed(operation: OperationModel, protocol: str, wrong: Malformed) -> Fault:
    """Return what a service says of a value that is not of the model's type, or of a name that it does not know."""
    service = operation.service_model.service_name
    if service == "ec2":
        if not wrong.expected:
            return Fault(code="UnknownParameter", message=f"The parameter {wrong.at} is not recognized")
        text = f"Value ({wrong.value}) for parameter {wrong.at} is invalid. Expecting a value of type {wrong.expected}."
        return Fault(code="InvalidParameterValue", message=text)
    if service == "s3":
        text = f"Provided {wrong.at} not an {wrong.expected} or within {wrong.expected} range"
        return Fault(code="InvalidArgument", message=text)
    if protocol == "query":
        text = f"{wrong.value} for {wrong.at} can not be converted to {_an(wrong.expected)}"
        return Fault(code="MalformedInput", message=text)
    return Fault(code="SerializationException", message=_serialization(wrong))


def unreadable(operation: OperationModel, protocol: str) -> Fault:
    """Return what a service says of a body that it can't read."""
    if protocol == "rest-xml":
        return Fault(
            code="InvalidInput" if operation.service_model.service_name == "route53" else "MalformedXML", message=NO_XML
        )
    return Fault(
        code="MalformedInput" if protocol in ("query", "ec2") else "SerializationException",
        message=f"The parameters of {operation.name} can not be read",
    )


def _serialization(wrong: Malformed) -> str:
    """Say it in the framework's words; where it is, is added here."""
    if wrong.expected == "JSON":
        return "The body is not JSON"
    where = f" (at '{wrong.at}')" if wrong.at else ""
    if wrong.expected in ("list", "map", "structure"):
        return f"Expected {wrong.expected} or null{where}"
    given = TOKENS.get(type(wrong.value)) or f"{json.dumps(wrong.value).upper()}_VALUE"  # TRUE_VALUE
    if given.startswith("Start"):
        return f"{given} found where not expected{where}"
    return f"{given} can not be converted to {_an(wrong.expected.capitalize())}{where}"


def _an(kind: str) -> str:
    return f"{'an' if kind[0] in 'IiAaEeOo' else 'a'} {kind}"


def _lowered(one: Violation) -> Violation:
    """Name a member as the framework does: its first letter is small."""
    parts = (f"{part[:1].lower()}{part[1:]}" for part in one.at.split("."))
    return replace(one, at=".".join(parts))


def _ecr(wrong: Violation) -> str:
    constraint = wrong.constraint
    if wrong.kind is Kind.PATTERN:
        constraint = f"must satisfy regular expression '{wrong.limit}'"
    return f"Invalid parameter at '{wrong.at}' failed to satisfy constraint: '{constraint}'"


# What EC2 says in words of their own, by operation and parameter: https://github.com/gruntwork-io/cloud-nuke/issues/731,
# https://github.com/boto/boto3/issues/1806, https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
EC2_OWN = (
    (Kind.MISSING, r"TerminateInstances InstanceIds", "InvalidParameterCombination", "No instances specified"),
    (
        Kind.MISSING,
        r"(Create|Delete)Tags Resources",
        "MissingParameter",
        "The request must contain the parameter resourceIdSet",
    ),
    (
        Kind.ENUM,
        r"ModifyVpcTenancy InstanceTenancy",
        "UnsupportedTenancy",
        "The tenancy value {} is not supported.",
    ),
    (
        Kind.ENUM,
        r"Describe\w+Attribute Attribute",
        "InvalidParameterValue",
        "Value ({}) for parameter attribute is invalid. Unknown attribute.",
    ),
    (
        Kind.ENUM,
        r"DescribeInstanceTypes InstanceTypes\.\d+",
        "InvalidInstanceType",
        "The following supplied instance types do not exist: [{}]",
    ),
    (
        Kind.ENUM,
        r"\w+ TagSpecifications\.\d+\.ResourceType",
        "InvalidParameterValue",
        "'{}' is not a valid taggable resource type for this operation.",
    ),
)


def _taken_by_ec2(wrong: Violation) -> bool:
    """Whether EC2 takes what its model does not: an empty parameter is none, and a fleet's strategy has an older name.

    https://github.com/awsdocs/aws-cloudformation-user-guide/pull/402; Terraform's provider sends it.
    """
    return wrong.value == "" or (wrong.at.endswith("AllocationStrategy") and wrong.value == "lowestPrice")


def _ec2(operation: str, wrong: Violation) -> Fault:
    name = wrong.at.replace(".member", "")
    for kind, which, code, words in EC2_OWN:
        if wrong.kind is kind and re.fullmatch(which, f"{operation} {name}"):
            return Fault(code=code, message=words.format(wrong.value))
    if wrong.kind is Kind.MISSING:
        return Fault(code="MissingParameter", message=f"The request must contain the parameter {name}")
    if isinstance(wrong.limit, tuple):
        return Fault(code="InvalidParameterValue", message=f"Invalid value '{wrong.value}' for {name}.")
    value, expected = f"Value ( {wrong.value} ) for parameter {name} is invalid.", ""
    if wrong.kind in (Kind.LOW, Kind.HIGH):
        what = "value" if isinstance(wrong.value, int | float) else "length"
        side = "greater" if wrong.kind is Kind.LOW else "less"
        expected = f" Expecting a {what} {side} than or equal to {wrong.limit}."
    return Fault(code="InvalidParameterValue", message=f"{value}{expected}")


# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
S3_VALUES = {
    "StorageClass": ("InvalidStorageClass", "The storage class you specified is not valid"),
    "ServerSideEncryption": (
        "InvalidEncryptionAlgorithmError",
        "The encryption request you specified is not valid. The valid value is AES256.",
    ),
    "CreateBucketConfiguration.LocationConstraint": (
        "InvalidLocationConstraint",
        "The specified location-constraint is not valid",
    ),
    "EncodingType": ("InvalidArgument", "Invalid Encoding Method specified in Request"),
}


def _s3(operation: OperationModel, wrong: Violation) -> Fault:
    member, _, inside = wrong.at.partition(".")
    if wrong.at in S3_VALUES:
        code, words = S3_VALUES[wrong.at]
        return Fault(code=code, message=f"{words} ({wrong.at}: {wrong.value})")
    payload = operation.input_shape.serialization.get("payload")
    if inside or member == payload:
        if wrong.kind is Kind.MISSING and not inside:
            return Fault(code="MissingRequestBodyError", message=f"Request Body is empty: {member} is required")
        return Fault(code="MalformedXML", message=f"{NO_XML} ({wrong})")
    if wrong.kind is Kind.HIGH and member == "Key":
        return Fault(code="KeyTooLongError", message="Your key is too long")
    return Fault(code="InvalidArgument", message=f"Invalid Argument: {wrong}")
