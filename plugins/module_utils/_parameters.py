"""Parameters of SSM Parameter Store: as many at once as its API takes, and where a rotation keeps another value of one."""

from __future__ import annotations

from itertools import batched
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

AT_ONCE = 10  # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html


def beside(name: str, which: str) -> str:
    """Return the name of another value of a parameter: below ``previous/`` or ``next/`` beside it. Raises ValueError."""
    path, _slash, last = name.rpartition("/")
    if not path or not last:
        raise ValueError(
            f"The parameter '{name}' has no other values: allowed is a path such as /beacon/production/remote-write. Correct its name."
        )
    return f"{path}/{which}/{last}"


def in_batches(names: Iterable[str]) -> Iterator[list[str]]:
    """Split names into lists that the API takes; it refuses a name that comes twice."""
    return (list(batch) for batch in batched(dict.fromkeys(names), AT_ONCE))


def read(client: Any, names: Iterable[str], *, decrypt: bool) -> dict[str, str]:
    """Return the values of those parameters that exist, by their names."""
    found: dict[str, str] = {}
    for batch in in_batches(names):
        answer = client.get_parameters(aws_retry=True, Names=batch, WithDecryption=decrypt)
        found |= {item["Name"]: item["Value"] for item in answer["Parameters"]}
    return found
