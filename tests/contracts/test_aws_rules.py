"""Every name, description and tag that a plan holds is one that AWS takes: seen here, not after twenty billed minutes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.contracts import aws_rules
from tests.contracts.terraform_files import mocks, terraform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What AWS holds as text: each such attribute of a plan needs a rule.
TEXTS = ("name", "name_prefix", "description", "key_name", "bucket", "node_group_name_prefix", "sid")
TAGS = ("tags", "tags_all")
LONGEST_ENVIRONMENT = "abcdefgh-123456"


def texts(kind: str, value: Any, attribute: str = "") -> Iterator[tuple[str, str, str]]:
    """Find all (type of resource, attribute, text) in what is planned of a resource; of tags, key and value."""
    if isinstance(value, dict):
        for key, each in value.items():
            if attribute in TAGS:
                yield from ((kind, "tag key", key), (kind, "tag value", str(each)))
            else:
                yield from texts(kind, each, key)
    elif isinstance(value, list):
        for each in value:
            yield from texts(kind, each, attribute)
    elif isinstance(value, str) and attribute in TEXTS:
        yield kind, attribute, value + (aws_rules.SUFFIX if attribute.endswith("_prefix") else "")


@pytest.fixture(scope="module", params=["ab", LONGEST_ENVIRONMENT])
def plan(request: pytest.FixtureRequest, workspace: Path) -> dict[str, Any]:
    """Return Terraform's own plan of an environment with the shortest and with the longest name."""
    folder = workspace / "names"
    folder.mkdir(exist_ok=True)
    run = f'\nrun "names" {{\n  command = plan\n  variables {{ environment = "{request.param}" }}\n}}\n'
    (folder / "names.tftest.hcl").write_text(mocks() + run)
    done = terraform(workspace, "test", "-json", "-verbose", "-test-directory=names")
    assert done.returncode == 0, done.stdout[-3000:]
    events = map(json.loads, done.stdout.splitlines())
    found: dict[str, Any] = next(event["test_plan"] for event in events if event["type"] == "test_plan")
    return found


@pytest.fixture(scope="module")
def planned(plan: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Return the texts of what is made, and of policies; other data is only looked for."""
    return {
        text
        for each in plan["resource_changes"]
        if each["mode"] == "managed" or each["type"] == "aws_iam_policy_document"
        for text in texts(each["type"], each["change"]["after"])
    }


def test_every_kind_of_text_has_a_rule(planned: set[tuple[str, str, str]]) -> None:
    kinds = {(kind, attribute) for kind, attribute, _ in planned if not attribute.startswith("tag ")}
    assert kinds - set(aws_rules.RULES) == set(), "give each a rule in aws_rules.py, with AWS's page"
    assert set(aws_rules.RULES) - kinds == set(), "nothing in the plan has these: take the rules away"


def test_aws_takes_every_text(planned: set[tuple[str, str, str]]) -> None:
    tags = {"tag key": aws_rules.TAG_KEY, "tag value": aws_rules.TAG_VALUE}
    problems = [
        f"{kind}.{attribute}: {problem}"
        for kind, attribute, text in sorted(planned)
        if (problem := (tags.get(attribute) or aws_rules.RULES[kind, attribute]).problem(text))
    ]
    assert not problems


def test_aws_takes_the_parameters_names(plan: dict[str, Any]) -> None:
    names = plan["output_changes"]["parameters"]["after"].values()
    assert names
    assert not [problem for name in names if (problem := aws_rules.PARAMETER_NAME.problem(name))]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (aws_rules.RULE_DESCRIPTION, "Samples from the cluster's agent"),
        (aws_rules.RULE_DESCRIPTION, "x" * 256),
        (aws_rules.GROUP_NAME, "sg-beacon"),
        (aws_rules.BALANCER_NAME, "beacon-prod-"),
        (aws_rules.BALANCER_NAME, "beacon-production-of-everybody-http"),
        (aws_rules.RULES["aws_ecr_repository", "name"], "beacon-prod-/webapp"),
        (aws_rules.BUCKET_NAME, "Beacon-backup"),
        (aws_rules.PARAMETER_NAME, "/aws/beacon"),
        (aws_rules.TAG_KEY, "aws:name"),
        (aws_rules.TAG_VALUE, "cost, centre"),
        (aws_rules.RULES["aws_iam_role", "name"], "beacon production"),
        (aws_rules.RULES["aws_iam_role", "description"], "Deploys to Beacon \N{EM DASH} production"),
    ],
)
def test_what_aws_refuses_is_refused(rule: aws_rules.Rule, text: str) -> None:
    assert repr(text) in rule.problem(text)
    assert "https://docs.aws.amazon.com/" in rule.problem(text)
