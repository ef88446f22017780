"""Each role's README lists the variables of its contract."""

from pathlib import Path

import pytest

from tests.roles.readmes import documented, rendered


@pytest.mark.parametrize("role", documented(), ids=lambda role: role.name)
def test_the_variables_in_the_readme_are_current(role: Path) -> None:
    assert (role / "README.md").read_text() == rendered(role), "run `python -m tests.roles.readmes`"
