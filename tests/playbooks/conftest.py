"""What the playbooks' tests share."""

from __future__ import annotations

import pytest

from tests.playbooks.stage import Stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Give all tests of a file one stage."""
    made = Stage(tmp_path_factory.mktemp("stage"))
    made.set_up()
    return made
