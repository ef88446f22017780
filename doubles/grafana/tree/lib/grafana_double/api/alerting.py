"""Alerting, as far as provisioning asks for it: contact points are kept, nothing is sent; there are no rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..access import requires
from ..answers import BAD_REQUEST, Answer, Refused, answer, body, message, text
from ..store import new_uid
from . import api, store

if TYPE_CHECKING:
    from typing import Any

# Keys of any type that Grafana keeps encrypted, and types whose address holds a token
SECRET = {
    "api_secret", "api_token", "apiKey", "apikey", "apiToken", "authorization_credentials", "basicAuthPassword", "bot_token",
    "bottoken", "integrationKey", "password", "secret", "token", "userKey",
}  # fmt: skip
SECRET_ADDRESS = {"dingding", "discord", "googlechat", "slack", "teams", "victorops", "wecom"}
_KEYS = ("name", "type", "settings", "disableResolveMessage")


def _model(uid: str) -> dict[str, Any]:
    data = body()
    if not (text(data, "name") and text(data, "type")):
        raise Refused(400, BAD_REQUEST)
    return {"uid": uid or text(data, "uid") or new_uid()} | {key: data.get(key, False) for key in _KEYS}


def _shown(model: dict[str, Any]) -> dict[str, Any]:
    hidden = SECRET | ({"url"} if model["type"] in SECRET_ADDRESS else set())
    return model | {"settings": {key: "[REDACTED]" if key in hidden else it for key, it in model["settings"].items()}}


@api.get("/v1/provisioning/contact-points")
@requires("alert.provisioning:read")
def list_contact_points() -> Answer:
    """List the contact points."""
    models = [json.loads(row["model"]) for row in store().rows("SELECT model FROM contact_point ORDER BY uid")]
    return answer([_shown(model) for model in models])


@api.post("/v1/provisioning/contact-points")
@requires("alert.provisioning:write")
def create_contact_point() -> Answer:
    """Add a contact point."""
    model = _model("")
    if store().row("SELECT 1 FROM contact_point WHERE uid = ?", model["uid"]):
        raise Refused(409, f"a contact point with the uid {model['uid']} exists already")
    store().insert("contact_point", uid=model["uid"], model=json.dumps(model))
    return answer(model, 202)


@api.put("/v1/provisioning/contact-points/<uid>")
@requires("alert.provisioning:write")
def update_contact_point(uid: str) -> Answer:
    """Change a contact point; from then on it shows that the API manages it."""
    model = _model(uid) | {"provenance": "api"}
    if not store().run("UPDATE contact_point SET model = ? WHERE uid = ?", json.dumps(model), uid):
        raise Refused(404, "contact point not found")
    return message("contactpoint updated", 202)


@api.delete("/v1/provisioning/contact-points/<uid>")
@requires("alert.provisioning:write")
def delete_contact_point(uid: str) -> Answer:
    """Remove a contact point."""
    store().run("DELETE FROM contact_point WHERE uid = ?", uid)
    return message("contactpoint deleted", 202)


@api.get("/v1/provisioning/alert-rules")
@requires("alert.rules:read")
def list_rules() -> Answer:
    """List the alert rules: none."""
    return answer([])
