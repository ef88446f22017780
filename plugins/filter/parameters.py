"""Names of parameters in Parameter Store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible.errors import AnsibleFilterError

if TYPE_CHECKING:
    from collections.abc import Callable


def parameter_beside(name: str, which: str) -> str:
    """Return where a rotation keeps another value of a parameter: below ``previous/`` or ``next/`` beside it."""
    path, _, last = str(name).rpartition("/")
    if not path or not last:
        raise AnsibleFilterError(
            f"The parameter '{name}' has no other values: allowed is a path such as /beacon/production/remote-write. Correct its name."
        )
    return f"{path}/{which}/{last}"


class FilterModule:
    """The filters by their names."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return them."""
        return {"parameter_beside": parameter_beside}
