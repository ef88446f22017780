"""What the tables are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localcloud.core.errors import Fault

Asked = Mapping[str, Any]  # an operation's parameters, by name
Check = Callable[[Asked], Iterator[Fault]]
Rules = Mapping[str, tuple[Check, ...]]
