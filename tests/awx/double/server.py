"""The double's HTTP: who asks, what for, and AWX's codes for the answers."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .answers import ROOT, SURVEYED, page, shown
from .models import KINDS, NODES
from .state import BadRequest, NotFound, State

VERSION = "24.6.1"
Answer = tuple[HTTPStatus, Any]


class Double(ThreadingHTTPServer):
    """The server, with its state and the one password that it knows."""

    daemon_threads = True

    def __init__(self, port: int, state: State, password: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.state = state
        self.password = password
        self.tokens: dict[int, str] = {}
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Return the address for CONTROLLER_HOST."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Double
    protocol_version = "HTTP/1.1"
    server_version = "awx-api-double"

    def log_message(self, *arguments: Any) -> None:
        """Stay quiet: the state remembers what was written."""

    def answer(self) -> None:
        """Answer any method; what is wrong becomes AWX's code for it."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        url = urlsplit(self.path)
        try:
            with self.server.lock:
                code, content = self.route(url.path, dict(parse_qsl(url.query)), json.loads(body or b"{}"))
        except BadRequest as error:
            text = str(error)
            code, content = HTTPStatus.BAD_REQUEST, json.loads(text) if text.startswith("{") else {"detail": text}
        except NotFound as error:
            code, content = HTTPStatus.NOT_FOUND, {"detail": f"Not found: {error}"}
        data = b"" if code == HTTPStatus.NO_CONTENT else json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", VERSION)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the base class looks for these names

    def route(self, path: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
        """Find out what is asked."""
        parts = path.removeprefix(ROOT).strip("/").split("/")
        if parts == ["ping"]:
            return HTTPStatus.OK, {"version": VERSION, "double": "This is a double of AWX's API, not AWX"}
        if parts[0] == "tokens":
            return self.token(parts[1:])
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.server.tokens.values():
            return HTTPStatus.UNAUTHORIZED, {"detail": "Authentication credentials were not provided."}
        if parts == ["me"]:
            return HTTPStatus.OK, page(self.server.state, self.server.state.objects("users")[:1], path, {})
        if parts[0] == "roles":
            return self.sublist("roles", self.server.state.role(int(parts[1])), parts[2], query, body)
        if parts[0] not in (*KINDS, "unified_job_templates"):
            raise NotFound(path)
        return self.collection(path, parts[0], query, body) if len(parts) == 1 else self.item(parts, query, body)

    def token(self, rest: list[str]) -> Answer:
        """Log in and out, by user and password."""
        given = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        if not secrets.compare_digest(given, f"admin:{self.server.password}"):
            return HTTPStatus.UNAUTHORIZED, {"detail": "Invalid username/password."}
        if self.command == "DELETE":
            self.server.tokens.pop(int(rest[0]), None)
            return HTTPStatus.NO_CONTENT, {}
        key = max(self.server.tokens, default=0) + 1
        self.server.tokens[key] = secrets.token_hex()
        return HTTPStatus.CREATED, {"id": key, "token": self.server.tokens[key]}

    def collection(self, path: str, kind: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
        """Show a list, or add to it."""
        state = self.server.state
        if self.command == "POST":
            return HTTPStatus.CREATED, shown(state, state.create(kind, body))
        return HTTPStatus.OK, page(state, state.objects(kind), path, query)

    def item(self, parts: list[str], query: dict[str, str], body: dict[str, Any]) -> Answer:
        """Show an object, change it, remove it, or go on to what belongs to it."""
        state = self.server.state
        entry = state.get(parts[0], parts[1])
        if len(parts) > 2:  # list, id, sub-list
            return self.sublist(parts[0], entry, parts[2], query, body)
        if self.command == "PATCH":
            return HTTPStatus.OK, shown(state, state.update(parts[0], entry, body))
        if self.command == "DELETE":
            state.delete(parts[0], entry["id"])
            return HTTPStatus.NO_CONTENT, {}
        return HTTPStatus.OK, shown(state, entry)

    def sublist(
        self, kind: str, entry: dict[str, Any], name: str, query: dict[str, str], body: dict[str, Any]
    ) -> Answer:
        """Show what belongs to an object, or change it."""
        state = self.server.state
        writes = self.command == "POST"
        if name == "survey_spec" and kind in SURVEYED:
            return HTTPStatus.OK, state.survey(kind, entry["id"], body if writes else None)
        if name == "launch" and kind in SURVEYED and writes:
            return HTTPStatus.CREATED, state.launch(
                kind, entry["id"], body
            )  # by the administrator: the one who can log in
        if name == "create_approval_template" and kind == NODES and writes:
            return HTTPStatus.CREATED, shown(state, state.approval(entry, body))
        if name == "roles" and kind == "teams" and not writes:
            held = state.roles_of(entry["id"])
            return HTTPStatus.OK, {"count": len(held), "next": None, "previous": None, "results": held}
        if writes:
            state.link(kind, entry["id"], name, body)
            return HTTPStatus.NO_CONTENT, {}
        return HTTPStatus.OK, page(state, state.linked(kind, entry["id"], name), self.path, query)
