"""What the tables are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localcloud.arguments.words import Refusal

Check = Callable[[Mapping[str, Any]], Iterator[Refusal]]
Rules = Mapping[str, tuple[Check, ...]]
