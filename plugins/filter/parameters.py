"""Names of parameters in Parameter Store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible.errors import AnsibleFilterError

from ..module_utils._parameters import beside  # noqa: TID252 - the same package under both its names

if TYPE_CHECKING:
    from collections.abc import Callable


def parameter_beside(name: str, which: str) -> str:
    """Return where a rotation keeps another value of a parameter."""
    try:
        return beside(str(name), which)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filters by their names."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return them."""
        return {"parameter_beside": parameter_beside}
