"""The filter that compares counters."""

from plugins.filter.prometheus import Sample, counter_increase


def sample(route: str, value: str, pod: str = "a") -> Sample:
    return {"metric": {"route": route, "pod": pod}, "value": (0.0, value)}


def test_counters_rise_by_route() -> None:
    before = [sample("/gandalf", "3"), sample("/", "7")]
    after = [sample("/gandalf", "8"), sample("/colombo", "5"), sample("/", "7")]
    assert counter_increase(before, after, ["/gandalf", "/colombo", "/missing"]) == [5, 5, 0]


def test_a_pod_that_is_gone_counts_no_more_and_one_that_started_again_counts_from_0() -> None:
    before = [sample("/", "7", "gone"), sample("/", "4", "stays"), sample("/", "9", "again")]
    after = [sample("/", "6", "stays"), sample("/", "1", "again"), sample("/", "3", "new")]
    assert counter_increase(before, after, ["/"]) == [2 + 1 + 3]
