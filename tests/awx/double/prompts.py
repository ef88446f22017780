"""What a template lets its launch say: https://github.com/ansible/awx/blob/devel/docs/prompting.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.awx.survey import defaults, problems

if TYPE_CHECKING:
    from collections.abc import Mapping

# Field of a launch, a schedule or a workflow's node, and the template's flag that lets it through
FLAGS = {
    "inventory": "ask_inventory_on_launch",
    "credentials": "ask_credential_on_launch",
    "scm_branch": "ask_scm_branch_on_launch",
    "job_type": "ask_job_type_on_launch",
    "limit": "ask_limit_on_launch",
    "job_tags": "ask_tags_on_launch",
    "skip_tags": "ask_skip_tags_on_launch",
}
NOT_ASKED = "Field is not configured to prompt on launch."


def rejected(template: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """Return which fields a template does not ask for."""
    return [name for name, flag in FLAGS.items() if given.get(name) and not template.get(flag)]


def strangers(template: Mapping[str, Any], survey: Mapping[str, Any], variables: Mapping[str, Any]) -> list[str]:
    """Return which variables are no questions of the template's survey, where any variable is not allowed."""
    if template.get("ask_variables_on_launch"):
        return []
    known = {item["variable"] for item in survey.get("spec", [])} if template.get("survey_enabled") else set()
    return [name for name in variables if name not in known]


def missing(template: Mapping[str, Any], survey: Mapping[str, Any], variables: Mapping[str, Any]) -> list[str]:
    """Return why the survey's answers don't start a job."""
    if not template.get("survey_enabled") or not survey:
        return []
    return problems(survey, defaults(survey) | dict(variables))
