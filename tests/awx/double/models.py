"""The shapes: which lists the API has, what their objects hold, and what these may name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NOTIFICATIONS = ("notification_templates_started", "notification_templates_success", "notification_templates_error")


@dataclass(frozen=True)
class Kind:
    """One list of the API."""

    type: str
    fields: dict[str, Any] = field(default_factory=dict)  # name to default
    references: dict[str, str] = field(default_factory=dict)  # field to the list it names an object of
    required: tuple[str, ...] = ()
    associations: dict[str, str] = field(default_factory=dict)  # sub-list to the list of its objects
    roles: tuple[str, ...] = ()
    identity: str = "name"
    unique: tuple[str, ...] = ("organization",)  # the name is unique within these


def _notified(*more: str) -> dict[str, str]:
    return dict.fromkeys((*NOTIFICATIONS, *more), "notification_templates")


PROMPTS: dict[str, Any] = {"extra_data": {}, "scm_branch": "", "job_type": "", "job_tags": "", "skip_tags": ""}
ASKED = ("inventory", "credential", "job_type", "scm_branch", "variables", "limit", "tags", "skip_tags", "labels")
NODES = "workflow_job_template_nodes"
LINKS = dict.fromkeys(("success_nodes", "failure_nodes", "always_nodes"), NODES)

KINDS: dict[str, Kind] = {
    "organizations": Kind(
        "organization",
        fields={"max_hosts": 0},
        references={"default_environment": "execution_environments"},
        associations=_notified("notification_templates_approvals"),
        roles=("admin", "execute", "member", "read"),
        unique=(),
    ),
    "users": Kind("user", fields={"email": "", "is_superuser": False}, identity="username", unique=()),
    "teams": Kind("team", references={"organization": "organizations"}, required=("organization",), roles=("member",)),
    "execution_environments": Kind(
        "execution_environment",
        fields={"image": None, "pull": "", "managed": False},
        references={"organization": "organizations", "credential": "credentials"},
        required=("image",),
        unique=(),
    ),
    "credential_types": Kind(
        "credential_type",
        fields={"kind": None, "inputs": {}, "injectors": {}, "managed": False},
        required=("kind",),
        unique=(),
    ),
    "credentials": Kind(
        "credential",
        fields={"inputs": {}},
        references={"credential_type": "credential_types", "organization": "organizations"},
        required=("credential_type",),
        roles=("admin", "use", "read"),
        unique=("organization", "credential_type"),
    ),
    "notification_templates": Kind(
        "notification_template",
        fields={"notification_type": None, "notification_configuration": {}, "messages": None},
        references={"organization": "organizations"},
        required=("organization", "notification_type"),
    ),
    "projects": Kind(
        "project",
        fields={
            "scm_type": "",
            "scm_url": "",
            "scm_branch": "",
            "scm_clean": False,
            "scm_update_on_launch": False,
            "scm_update_cache_timeout": 0,
            "allow_override": False,
            "timeout": 0,
            "scm_revision": "",
        },
        references={"organization": "organizations", "default_environment": "execution_environments"},
        associations=_notified(),
        roles=("admin", "use", "update", "read"),
    ),
    "inventories": Kind(
        "inventory",
        fields={"kind": "", "host_filter": None, "variables": ""},
        references={"organization": "organizations"},
        required=("organization",),
        roles=("admin", "use", "update", "adhoc", "read"),
    ),
    "inventory_sources": Kind(
        "inventory_source",
        fields={
            "source": None,
            "source_path": "",
            "source_vars": "",
            "overwrite": False,
            "overwrite_vars": False,
            "update_on_launch": False,
            "update_cache_timeout": 0,
        },
        references={
            "inventory": "inventories",
            "source_project": "projects",
            "credential": "credentials",
            "execution_environment": "execution_environments",
        },
        required=("inventory", "source"),
        associations=_notified(),
        unique=("inventory",),
    ),
    "job_templates": Kind(
        "job_template",
        fields={
            "job_type": "run",
            "playbook": "",
            "timeout": 0,
            "allow_simultaneous": False,
            "survey_enabled": False,
            "extra_vars": "---",
            **{f"ask_{name}_on_launch": False for name in ASKED},
        },
        references={
            "organization": "organizations",
            "project": "projects",
            "inventory": "inventories",
            "execution_environment": "execution_environments",
        },
        required=("project", "playbook"),
        associations=_notified() | {"credentials": "credentials"},
        roles=("admin", "execute", "read"),
    ),
    "workflow_job_templates": Kind(
        "workflow_job_template",
        fields={
            "allow_simultaneous": False,
            "survey_enabled": False,
            "extra_vars": "---",
            "ask_inventory_on_launch": False,
        },
        references={"organization": "organizations", "inventory": "inventories"},
        associations=_notified("notification_templates_approvals"),
        roles=("admin", "execute", "approval", "read"),
    ),
    NODES: Kind(
        "workflow_job_template_node",
        fields=PROMPTS | {"all_parents_must_converge": False},
        references={"workflow_job_template": "workflow_job_templates", "unified_job_template": "unified_job_templates"},
        required=("workflow_job_template",),
        associations=LINKS | {"credentials": "credentials"},
        identity="identifier",
        unique=("workflow_job_template",),
    ),
    "workflow_approval_templates": Kind("workflow_approval_template", fields={"timeout": 0}, unique=("id",)),
    "schedules": Kind(
        "schedule",
        fields=PROMPTS | {"rrule": None, "enabled": True},
        references={"unified_job_template": "unified_job_templates", "inventory": "inventories"},
        required=("rrule", "unified_job_template"),
        associations={"credentials": "credentials"},
        unique=("unified_job_template",),
    ),
}
# One list over several: their ids are of one series
UNIFIED = ("job_templates", "workflow_job_templates", "projects", "inventory_sources", "workflow_approval_templates")
# What a webhook's configuration holds when nothing is said; AWX fills it in
WEBHOOK: dict[str, Any] = {
    "http_method": "POST",
    "headers": {},
    "disable_ssl_verification": False,
    "username": "",
    "password": "",
}
SECRET = "$encrypted$"  # what AWX shows instead of one
