"""One look at the running stack for all tests."""

from __future__ import annotations

import pytest

from tests.e2e.stack import Stack, load


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The running stack."""
    return load()
