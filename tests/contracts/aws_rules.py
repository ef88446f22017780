"""What AWS takes as names, descriptions and tags: by botocore's model where it says so, else by the page beside the rule.

Terraform's provider checks few of these before AWS is asked, and AWS refuses them in the middle of an `apply`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import botocore.session

# What the provider appends to a `name_prefix`, so that the name becomes unique.
SUFFIX = "20260101000000000000000001"
EC2_TEXT = r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Characters and lengths of one kind of text, and where AWS says so."""

    pattern: str
    longest: int
    source: str
    shortest: int = 0

    def problem(self, text: str) -> str:
        """Say what AWS would refuse; nothing when it takes the text."""
        if not self.shortest <= len(text) <= self.longest:
            return f"{text!r} has {len(text)} characters, allowed are {self.shortest} to {self.longest} ({self.source})"
        if not re.fullmatch(self.pattern, text):
            return f"{text!r} does not match {self.pattern} ({self.source})"
        return ""


def modelled(service: str, shape: str, source: str) -> Rule:
    """Return the rule of a shape in botocore's model of a service."""
    model = botocore.session.get_session().get_service_model(service).shape_for(shape).metadata
    pattern = re.sub(r"^\^|\$$", "", model.get("pattern", r"(?s:.*)"))
    return Rule(pattern=pattern, longest=model["max"], shortest=model.get("min", 0), source=source)


_API = "https://docs.aws.amazon.com"
_EC2 = f"{_API}/AWSEC2/latest/APIReference"
_IAM = f"{_API}/IAM/latest/APIReference"
_ELB = f"{_API}/elasticloadbalancing/latest/APIReference"

GROUP_DESCRIPTION = Rule(pattern=EC2_TEXT, longest=255, source=f"{_EC2}/API_CreateSecurityGroup.html")
GROUP_NAME = Rule(pattern=rf"(?!sg-){EC2_TEXT}", longest=255, shortest=1, source=f"{_EC2}/API_CreateSecurityGroup.html")
# The page of the rules leaves the ampersand out.
RULE_DESCRIPTION = Rule(pattern=EC2_TEXT.replace("&", ""), longest=255, source=f"{_EC2}/API_IpRange.html")
BALANCER_NAME = Rule(
    pattern=r"(?!internal-)[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?",
    longest=32,
    shortest=1,
    source=f"{_ELB}/API_CreateLoadBalancer.html",
)
BUCKET_NAME = Rule(
    pattern=r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9-]*[a-z0-9](?<!-s3alias)(?<!--ol-s3)(?<!--x-s3)",
    longest=63,
    shortest=3,
    source=f"{_API}/AmazonS3/latest/userguide/bucketnamingrules.html",
)
PARAMETER_NAME = Rule(
    pattern=r"/(?!aws|ssm)[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+){0,14}",
    longest=1011,
    shortest=1,
    source=f"{_API}/systems-manager/latest/APIReference/API_PutParameter.html",
)
_TAGGING = f"{_API}/tag-editor/latest/userguide/best-practices-and-strats.html"
_ELASTIC_TAGS = r"[\w\s.:/=+\-@]*"  # letters, digits, spaces and these: what all services take
TAG_KEY = Rule(pattern=rf"(?!(?i:aws):){_ELASTIC_TAGS}", longest=128, shortest=1, source=_TAGGING)
TAG_VALUE = Rule(pattern=_ELASTIC_TAGS, longest=256, source=_TAGGING)

# (type of resource, attribute): its rule. What a plan holds of these attributes without a rule fails the test.
RULES = {
    ("aws_security_group", "name"): GROUP_NAME,
    ("aws_security_group", "name_prefix"): GROUP_NAME,
    ("aws_security_group", "description"): GROUP_DESCRIPTION,
    ("aws_security_group_rule", "description"): RULE_DESCRIPTION,
    ("aws_vpc_security_group_ingress_rule", "description"): RULE_DESCRIPTION,
    ("aws_vpc_security_group_egress_rule", "description"): RULE_DESCRIPTION,
    ("aws_key_pair", "key_name"): Rule(
        pattern=r"[\x20-\x7e]+", longest=255, shortest=1, source=f"{_EC2}/API_ImportKeyPair.html"
    ),
    ("aws_instance", "key_name"): Rule(
        pattern=r"[\x20-\x7e]+", longest=255, shortest=1, source=f"{_EC2}/API_RunInstances.html"
    ),
    ("aws_launch_template", "name_prefix"): modelled(
        "ec2", "LaunchTemplateName", f"{_EC2}/API_CreateLaunchTemplate.html"
    ),
    ("aws_launch_template", "description"): modelled(
        "ec2", "VersionDescription", f"{_EC2}/API_CreateLaunchTemplate.html"
    ),
    ("aws_iam_role", "name"): modelled("iam", "roleNameType", f"{_IAM}/API_CreateRole.html"),
    ("aws_iam_role", "name_prefix"): modelled("iam", "roleNameType", f"{_IAM}/API_CreateRole.html"),
    ("aws_iam_role", "description"): modelled("iam", "roleDescriptionType", f"{_IAM}/API_CreateRole.html"),
    ("aws_iam_policy", "name_prefix"): modelled("iam", "policyNameType", f"{_IAM}/API_CreatePolicy.html"),
    ("aws_iam_policy", "description"): modelled("iam", "policyDescriptionType", f"{_IAM}/API_CreatePolicy.html"),
    ("aws_iam_role_policy", "name"): modelled("iam", "policyNameType", f"{_IAM}/API_PutRolePolicy.html"),
    ("aws_iam_role_policy", "name_prefix"): modelled("iam", "policyNameType", f"{_IAM}/API_PutRolePolicy.html"),
    ("aws_iam_instance_profile", "name"): modelled(
        "iam", "instanceProfileNameType", f"{_IAM}/API_CreateInstanceProfile.html"
    ),
    ("aws_iam_policy_document", "sid"): Rule(
        pattern=r"[A-Za-z0-9]*",
        longest=64,
        source=f"{_API}/IAM/latest/UserGuide/reference_policies_elements_sid.html",
    ),
    ("aws_lb", "name"): BALANCER_NAME,
    ("aws_lb_target_group", "name"): BALANCER_NAME,
    ("aws_ecr_repository", "name"): modelled(
        "ecr", "RepositoryName", f"{_API}/AmazonECR/latest/APIReference/API_CreateRepository.html"
    ),
    ("aws_s3_bucket", "bucket"): BUCKET_NAME,
    ("aws_kms_alias", "name"): modelled("kms", "AliasNameType", f"{_API}/kms/latest/APIReference/API_CreateAlias.html"),
    ("aws_kms_key", "description"): modelled(
        "kms", "DescriptionType", f"{_API}/kms/latest/APIReference/API_CreateKey.html"
    ),
    ("aws_cloudwatch_log_group", "name"): modelled(
        "logs", "LogGroupName", f"{_API}/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html"
    ),
    ("aws_eks_cluster", "name"): modelled(
        "eks", "ClusterName", f"{_API}/eks/latest/APIReference/API_CreateCluster.html"
    ),
    ("aws_eks_node_group", "node_group_name_prefix"): Rule(
        pattern=r"[a-zA-Z0-9][a-zA-Z0-9_-]*",
        longest=63,
        shortest=1,
        source=f"{_API}/eks/latest/APIReference/API_CreateNodegroup.html",
    ),
}
