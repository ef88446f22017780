"""ECR: tags of repositories and images, encryption, policies.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Tag.html, API_CreateRepository.html, API_PutImage.html;
https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html, repository-policies.html;
https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from moto.core.utils import get_service_model

from localcloud.arguments.rules.documents import read, statements
from localcloud.core.config import ACCOUNT
from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from localcloud.arguments.rules.kinds import Asked, Rules

IMAGE_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
MOST_TAGS, LONGEST_KEY, LONGEST_VALUE = 50, 128, 256


def _invalid(parameter: str, constraint: str) -> Fault:
    message = f"Invalid parameter at '{parameter}' failed to satisfy constraint: '{constraint}'"
    return Fault(code="InvalidParameterException", message=message)


def _tags(asked: Asked) -> Iterator[Fault]:
    tags = asked.get("tags") or []
    keys = [tag.get("Key", "") for tag in tags]
    if len(keys) > MOST_TAGS:
        message = f"The list of tags on the repository is over the limit. At most {MOST_TAGS} tags can be applied."
        yield Fault(code="TooManyTagsException", message=message)
    for key, value in ((tag.get("Key", ""), tag.get("Value", "")) for tag in tags):
        problem = ""
        if key.lower().startswith("aws:"):
            problem = f"The tag key '{key}' is reserved: keys can't begin with 'aws:'."
        elif not 1 <= len(key) <= LONGEST_KEY or len(value) > LONGEST_VALUE:
            problem = f"The tag '{key}' is too long: {LONGEST_KEY} characters of a key and {LONGEST_VALUE} of a value are allowed."
        elif keys.count(key) > 1:
            problem = f"The tag key '{key}' is given more than once."
        if problem:
            yield Fault(code="InvalidTagParameterException", message=problem)


def _encryption(asked: Asked) -> Iterator[Fault]:
    given = asked.get("encryptionConfiguration") or {}
    if given.get("encryptionType") == "AES256" and given.get("kmsKey"):
        yield _invalid("encryptionConfiguration.kmsKey", "KMS key is not allowed with encryption type AES256")


def _image(asked: Asked) -> Iterator[Fault]:
    tag = asked.get("imageTag")
    if tag is not None and not IMAGE_TAG.fullmatch(tag):
        yield _invalid("imageTag", f"must satisfy regular expression '{IMAGE_TAG.pattern}'")
    if read(asked["imageManifest"]) is None:
        yield _invalid("ImageManifest", "Invalid JSON syntax")


def _parts(asked: Asked) -> Iterator[Fault]:
    """Refuse a manifest whose parts are no objects with a digest."""
    manifest = read(asked["imageManifest"]) or {}
    parts = [manifest.get("config"), *_list(manifest, "layers"), *_list(manifest, "manifests")]
    if not all(isinstance(part, dict) and "digest" in part for part in parts if part is not None):
        yield _invalid("ImageManifest", "Invalid image manifest provided")


def _list(manifest: Mapping[str, Any], name: str) -> list[Any]:
    found = manifest.get(name, [])
    return found if isinstance(found, list) else [found]


def _registry(asked: Asked) -> Iterator[Fault]:
    """Refuse what is in another account's registry: this account knows no policy there that lets it in."""
    registry, names = asked.get("registryId"), asked.get("repositoryNames") or [asked.get("repositoryName")]
    if registry not in (None, ACCOUNT):
        for name in filter(None, names):
            text = f"The repository with name '{name}' does not exist in the registry with id '{registry}'"
            yield Fault(code="RepositoryNotFoundException", message=text)


def _policy(asked: Asked) -> Iterator[Fault]:
    for statement in statements(asked["policyText"]):
        actions = statement.get("Action", statement.get("NotAction", []))
        named = [actions] if isinstance(actions, str) else actions
        if "Resource" in statement or "NotResource" in statement or not all(_is_ecr(action) for action in named):
            yield _invalid("PolicyText", "Invalid repository policy provided")


def _is_ecr(action: str) -> bool:
    return action == "*" or action.lower().startswith("ecr:")


def _lifecycle(asked: Asked) -> Iterator[Fault]:
    found = read(asked["lifecyclePolicyText"]) or {}
    rules = [rule for rule in found.get("rules", ()) if isinstance(rule, dict)]
    priorities = [rule.get("rulePriority", 0) for rule in rules]
    of_any = [rule.get("rulePriority", 0) for rule in rules if rule.get("selection", {}).get("tagStatus") == "any"]
    problem = "Lifecycle policy validation failure: {}"
    if len(set(priorities)) < len(priorities):
        yield _invalid("LifecyclePolicyText", problem.format("Rule priorities must be unique"))
    if any(priority != max(priorities) for priority in of_any):
        text = "A rule with tagStatus 'any' must have the highest value of rulePriority"
        yield _invalid("LifecyclePolicyText", problem.format(text))


CHECKS: Rules = {
    "CreateRepository": (_tags, _encryption),
    "PutImage": (_image, _parts),
    "PutLifecyclePolicy": (_lifecycle,),
    "SetRepositoryPolicy": (_policy,),
    "TagResource": (_tags,),
}
IN_REPOSITORIES = [name for name in get_service_model("ecr").operation_names if name != "CreateRepository"]
RULES: Rules = {**CHECKS, **{name: (*CHECKS.get(name, ()), _registry) for name in IN_REPOSITORIES}}
