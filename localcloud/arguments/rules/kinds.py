"""What the tables are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localcloud.core.errors import Fault

Check = Callable[[Mapping[str, Any]], Iterator[Fault]]
Rules = Mapping[str, tuple[Check, ...]]
