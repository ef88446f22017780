"""Counters are compared by route; one that did not exist counts as 0."""

from plugins.filter.prometheus import Sample, counter_increase


def sample(route: str, value: str) -> Sample:
    return {"metric": {"route": route}, "value": (0.0, value)}


def test_counters_rise_by_route() -> None:
    before = [sample("/gandalf", "3"), sample("/", "7")]
    after = [sample("/gandalf", "8"), sample("/colombo", "5"), sample("/", "7")]
    assert counter_increase(before, after, ["/gandalf", "/colombo", "/missing"]) == [5, 5, 0]
