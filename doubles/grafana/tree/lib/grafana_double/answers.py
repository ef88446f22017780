"""Answers: JSON as Grafana writes it, and the exceptions that become an error answer."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request

Answer = Response


def answer(body: Any, status: int = 200, *, charset: bool = False) -> Response:
    """Return JSON; Grafana names the character set in some answers only."""
    kind = "application/json; charset=UTF-8" if charset else "application/json"
    return Response(json.dumps(body, ensure_ascii=False), status=status, content_type=kind)


def message(text: str, status: int = 200, **more: Any) -> Response:
    """Return a message."""
    return answer({"message": text, **more}, status)


class Refused(Exception):  # noqa: N818 - not always an error: a refusal is an answer
    """Ends the request with this answer; nothing that it changed is kept."""

    def __init__(self, status: int, body: str | dict[str, Any], *, charset: bool = False) -> None:
        super().__init__(body)
        self.status = status
        self.body = {"message": body} if isinstance(body, str) else body
        self.charset = charset

    def answer(self) -> Response:
        """Return it as a response."""
        return answer(self.body, self.status, charset=self.charset)


BAD_REQUEST = "bad request data"


def body() -> dict[str, Any]:
    """Return the request's JSON object, or refuse."""
    found = request.get_json(force=True, silent=True)
    if not isinstance(found, dict):
        raise Refused(400, BAD_REQUEST)
    return found


def text(data: dict[str, Any], key: str) -> str:
    """Return a text of the request; null and absence are the empty text, another type is refused."""
    value = data.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused(400, BAD_REQUEST)
    return value
