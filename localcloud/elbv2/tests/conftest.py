from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localcloud.elbv2.tests.place import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.conftest import Cloud


@pytest.fixture
def site(cloud: Cloud) -> Iterator[Site]:
    made = Site(cloud)
    yield made
    made.settle()
