"""What may pass to the registry: pure decisions on the registry protocol, with ECR's answers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localcloud.core.config import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = re.compile(r"^/v2/(?P<name>.+?)/(?P<kind>manifests|blobs|tags|referrers)/(?P<rest>.*)$")
CHANGING = ("PUT", "POST", "PATCH", "DELETE")


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository as the gate needs it."""

    immutable: Callable[[str], bool]  # whether this tag may not be moved
    tags: dict[str, str]  # tag -> digest


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An answer that does not come from the registry."""

    status: int
    code: str
    message: str

    @property
    def body(self) -> bytes:
        """The protocol's JSON of errors; nothing to say: an empty object."""
        if not self.code:
            return b"{}"
        return json.dumps({"errors": [{"code": self.code, "message": self.message}]}).encode()


@dataclass(frozen=True, kw_only=True)
class Pass:
    """Pass the request on to this path; `push` names the tag or digest whose manifest comes with it."""

    path: str
    repository: str = ""
    push: str = ""


def decide(  # noqa: PLR0911 - each return is one answer of the protocol
    method: str, path: str, *, authorized: bool, find: Callable[[str], Repository | None], digest: str = ""
) -> Pass | Refusal:
    """Decide on one request; `digest` is that of the manifest in a push."""
    if not authorized:
        return Refusal(status=401, code="UNAUTHORIZED", message="Your authorization token has expired or is not valid.")
    if path.rstrip("/") == "/v2":
        return Refusal(status=200, code="", message="")
    match = PATH.match(path)
    if match is None:
        return Refusal(status=404, code="UNSUPPORTED", message=f"The registry has no {method} {path}.")
    name, kind, rest = match["name"], match["kind"], match["rest"]
    repository = find(name)
    if repository is None:
        message = f"The repository with name '{name}' does not exist in the registry with id '{ACCOUNT}'"
        return Refusal(status=404, code="NAME_UNKNOWN", message=message)
    if method == "DELETE":
        return Refusal(status=405, code="UNSUPPORTED", message="Images are deleted by ecr:BatchDeleteImage.")
    if kind != "manifests" or rest.startswith("sha256:"):
        return Pass(path=path, repository=name, push=rest if kind == "manifests" and method == "PUT" else "")
    if method == "PUT":
        there = repository.tags.get(rest)
        if there is not None and there != digest and repository.immutable(rest):
            message = (
                f"The image tag '{rest}' already exists in the '{name}' repository and cannot be overwritten because the "
                "tag is immutable."
            )
            return Refusal(status=400, code="TAG_INVALID", message=message)
        return Pass(path=path, repository=name, push=rest)
    if rest not in repository.tags:
        return Refusal(status=404, code="MANIFEST_UNKNOWN", message=f"Requested image not found: {name}:{rest}")
    return Pass(path=f"/v2/{name}/manifests/{repository.tags[rest]}", repository=name)
