"""The server: its settings, figures, and reading the provisioning files again."""

from __future__ import annotations

import logging

from .. import alerting, provisioning
from ..access import check, requires
from ..answers import Answer, Refused, answer, message
from . import api, settings, store

log = logging.getLogger("context")
_SECRET = ("password", "secret", "key")


@api.get("/admin/settings")
@requires("settings:read")
def show_settings() -> Answer:
    """Show the configuration; secrets are masked."""
    shown = {
        section: {key: "*********" if value and key.endswith(_SECRET) else value for key, value in values.items()}
        for section, values in settings().sections.items()
    }
    return answer(shown)


@api.get("/admin/stats")
@requires("server.stats:read")
def stats() -> Answer:
    """Count what is there."""
    count = store().count
    roles = {
        f"{role.lower()}s": count("account", f"role = '{role}' AND service = 0")
        for role in ("Admin", "Editor", "Viewer")
    }
    recent = count("account", "service = 0 AND julianday(seen) > julianday('now', '-1 day')")
    names = ("Admins", "Editors", "Viewers", "Sessions")
    return answer({
        "orgs": 1, "dashboards": count("dashboard"), "snapshots": 0, "tags": count("dashboard", "tags != '[]'"),
        "datasources": count("datasource"), "playlists": 0, "stars": 0, "alerts": 0,
        "users": count("account", "service = 0"), **roles, "activeUsers": recent,
        **{f"active{name}": 0 for name in names}, "dailyActiveUsers": recent,
        **{f"dailyActive{name}": 0 for name in names}, "monthlyActiveUsers": recent, "activeDevices": 0,
    })  # fmt: skip


@api.post("/admin/provisioning/<kind>/reload")
def reload(kind: str) -> Answer:
    """Read the provisioning files of one kind again."""
    check("provisioning:reload")
    readers = {
        "alerting": alerting.provision_alerting,
        "dashboards": provisioning.provision_dashboards,
        "datasources": provisioning.provision_datasources,
    }
    if kind not in readers:
        raise Refused(404, "Not found", charset=True)
    try:
        readers[kind](store(), settings())
    except provisioning.ProvisioningError as error:
        log.error('"" error="%s"', error)  # noqa: TRY400 - Grafana's answer does not tell why, its log does
        raise Refused(500, "Internal Server Error" if kind == "alerting" else str(error)) from error
    return message(f"{kind.capitalize()} config reloaded")
