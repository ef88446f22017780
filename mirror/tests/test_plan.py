"""Order, parallel jobs, and what a failure does."""

import pytest

from mirror import plan


def test_steps_come_after_what_they_need() -> None:
    done: list[str] = []

    def do(step: str) -> str:
        done.append(step)
        return "built"

    said: list[str] = []
    results = plan.run({"c": ["a", "b"], "a": ["b"], "b": []}, do, say=said.append)
    assert done == ["b", "a", "c"]
    assert results == {"a": "built", "b": "built", "c": "built"}
    assert len(said) == 3
    assert said[0].endswith("built     b")


def test_failure_is_raised_and_nothing_new_begins() -> None:
    done: list[str] = []

    def do(step: str) -> str:
        done.append(step)
        if step == "a":
            raise ValueError("no a")
        return "built"

    with pytest.raises(ValueError, match="no a"):
        plan.run({"b": ["a"], "a": []}, do, say=print)
    assert done == ["a"]
