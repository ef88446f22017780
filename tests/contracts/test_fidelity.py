"""The local cloud's README says of everything that a run changes whether it has effect."""

from __future__ import annotations

from localcloud.tests.fidelity import STEPS
from tests.contracts.calls import calls

CLIENTS = {"elasticloadbalancing": "elbv2"}
READS = ("BatchCheck", "BatchGet", "Describe", "Get", "List")
LAYERS = {"ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart"}  # the registry's protocol
BACKED_BY_CONTAINERS = ("autoscaling:", "ec2:", "ecr:", "eks:", "elasticloadbalancing:")


def named(action: str) -> tuple[str, str]:
    """Return the client and the operation of an action."""
    service, _, operation = action.partition(":")
    return CLIENTS.get(service, service), operation


def test_what_runs_change_is_in_the_table() -> None:
    told = {(step.service, step.operation) for step in STEPS}
    recorded = {call["action"] for asked in calls().values() for call in asked} - LAYERS
    changes = [
        action
        for action in sorted(recorded)
        if action.startswith(BACKED_BY_CONTAINERS) and not action.partition(":")[2].startswith(READS)
    ]
    assert len(changes) > 60
    missing = [action for action in changes if named(action) not in told]
    assert not missing, f"add a step to localcloud/tests/fidelity.py for each of {missing}"
