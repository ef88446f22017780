"""What another program exports is read as a shell would."""

from __future__ import annotations

from setup.phases import exported


def test_quoted_values_keep_what_is_in_them() -> None:
    assert exported("a note\nexport PLAIN=one\nexport SPACED='two words'\nexport SIGNS='x=y/+'\n") == {
        "PLAIN": "one",
        "SPACED": "two words",
        "SIGNS": "x=y/+",
    }
