"""A rotation keeps another value beside a parameter."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from plugins.filter.parameters import parameter_beside


def test_another_value_is_beside_the_parameter() -> None:
    assert parameter_beside("/beacon/local/remote-write", "previous") == "/beacon/local/previous/remote-write"


@pytest.mark.parametrize("name", ["remote-write", "/remote-write", "/beacon/"])
def test_what_is_no_path_is_refused(name: str) -> None:
    with pytest.raises(
        AnsibleFilterError, match=f"The parameter '{name}' has no other values: allowed is a path such as"
    ):
        parameter_beside(name, "previous")
