"""One look at the running stack for all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from setup.phases import local_cloud_environment
from tests.e2e.stack import Stack, access, load

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def local_cloud() -> Iterator[None]:
    """Programs and clients talk to the local cloud, whatever the caller's shell has exported."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local_cloud_environment().items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def stack(local_cloud: None) -> Stack:
    """The running stack."""
    return load()


@pytest.fixture(scope="module")
def tunnel() -> Iterator[None]:
    """An open way through the ops host."""
    with access():
        yield
