"""Docker's low-level client as tests of its callers need it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from localcloud.docker.client import Engine


class Api:
    """Docker's low-level client: answers as the engine does, and remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, method: str) -> Any:
        def ask(*args: Any, **kwargs: Any) -> Any:
            self.asked.append((method, args, kwargs))
            answer = self.answers.get(method)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return ask


def engine(**answers: Any) -> tuple[Engine, Api]:
    made, api = Engine(), Api(**answers)
    vars(made)["client"] = SimpleNamespace(api=api)
    return made, api
