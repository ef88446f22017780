from __future__ import annotations

from typing import Any

from plugins.filter.ingress import FilterModule, ingress_problems

PAGE = {"metadata": {"namespace": "webapp", "name": "webapp", "uid": "u1"}}


def event(reason: str, when: str, message: str = "said", uid: str = "u1") -> dict[str, Any]:
    return {"reason": reason, "message": message, "lastTimestamp": when, "involvedObject": {"uid": uid}, "metadata": {}}


def test_a_configuration_that_nginx_refused_is_told_with_its_words() -> None:
    for reason in ("AddedOrUpdatedWithError", "UpdatedWithError", "Rejected"):
        found = ingress_problems([event(reason, "2026-01-01T00:00:02Z", "unknown directive")], [PAGE])
        assert found == [f"webapp/webapp: {reason}: unknown directive"]


def test_the_last_event_decides() -> None:
    refused, served = (
        event("AddedOrUpdatedWithError", "2026-01-01T00:00:01Z"),
        event("AddedOrUpdated", "2026-01-01T00:00:02Z"),
    )
    assert ingress_problems([served, refused], [PAGE]) == []
    later = event("Rejected", "2026-01-01T00:00:03Z")
    assert len(ingress_problems([served, later, refused], [PAGE])) == 1


def test_other_events_and_ingresses_of_before_are_no_problem() -> None:
    other = event("Sync", "2026-01-01T00:00:03Z")
    gone = event("Rejected", "2026-01-01T00:00:03Z", uid="u0")
    warned = event("AddedOrUpdatedWithWarning", "2026-01-01T00:00:02Z")
    assert ingress_problems([other, gone, warned], [PAGE]) == []
    assert ingress_problems([], [PAGE]) == []


def test_the_filter_has_its_name() -> None:
    assert FilterModule().filters() == {"ingress_problems": ingress_problems}
