"""A run says at its end when alerts reach nobody, and when nobody would notice that they end."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.playbooks.stage import Stage

NOBODY = (
    "NOBODY IS TOLD OF ALERTS: alertmanager_receiver is 'nobody'. Set alertmanager_receivers and alertmanager_receiver "
    "(docs/configuration.md)."
)
UNWATCHED = (
    "NOBODY NOTICES WHEN THE MONITORING IS DOWN: alertmanager_watchdog_receiver is 'nobody'. Set it to a service that calls "
    "when it hears nothing."
)
PEOPLE = {
    "beacon_given_secrets": ["chat_webhook"],
    "alertmanager_receivers": [{"name": "people", "webhook_configs": [{"url": "{{ beacon_secrets.chat_webhook }}"}]}],
    "alertmanager_receiver": "people",
}


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, [NOBODY, UNWATCHED]),
        (PEOPLE, [UNWATCHED]),
        ({**PEOPLE, "alertmanager_watchdog_receiver": "people"}, []),
    ],
    ids=["nobody", "people", "people-and-a-watchdog"],
)
def test_who_is_told_of_nothing_is_said_last(stage: Stage, variables: dict[str, Any], said: list[str]) -> None:
    code, text = stage.play("monitor", "--tags", "alertmanager", "-e", json.dumps(variables))
    assert code == 0, text
    plain = re.sub(r"\s+", " ", text).replace("''", "'")
    last = plain.rpartition("TASK [")[2].partition("PLAY RECAP")[0]
    assert [sentence for sentence in (NOBODY, UNWATCHED) if sentence in last] == said
