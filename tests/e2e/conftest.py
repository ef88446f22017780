"""One look at the running stack for all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.stack import Stack, load, play

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The running stack."""
    return load()


@pytest.fixture(scope="module")
def tunnel() -> Iterator[None]:
    """An open way through the ops host, as `playbooks/access.yml` leaves it for a person."""
    opened = play("access", limit=180)
    assert opened.returncode == 0, opened.stdout + opened.stderr
    yield
    closed = play("access", "-e", "access_state=absent", limit=180)
    assert closed.returncode == 0, closed.stdout + closed.stderr
