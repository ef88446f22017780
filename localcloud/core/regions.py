"""AWS's commercial regions (the partition `aws`), as botocore knows them."""

from __future__ import annotations

import functools


@functools.cache
def commercial() -> tuple[str, ...]:
    """Return the regions' names: ECR is in all of them, so its endpoints list them."""
    from botocore.session import get_session  # noqa: PLC0415 - most commands do without, and its import takes a while

    return tuple(sorted(get_session().get_available_regions("ecr")))
