"""HAProxy's configuration for one node of a network load balancer, and its answer about health. No Docker, no moto."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from localcloud.core import templates

CONFIGURATION = "/etc/haproxy/haproxy.cfg"
LOADED = "/etc/haproxy/loaded.cfg"  # a copy of what was loaded last
SOCKET = "/run/haproxy.sock"
MAX_CONNECTIONS = 4000


@dataclass(frozen=True, kw_only=True)
class Check:
    """A target group's health check."""

    protocol: str = "TCP"  # TCP, HTTP or HTTPS
    port: int | None = None  # None: the target's own
    path: str = "/"
    matcher: str = "200-399"
    interval: int = 30
    timeout: int = 10
    healthy: int = 3
    unhealthy: int = 3

    @property
    def statuses(self) -> str:
        """A regular expression for the matcher's statuses."""
        return _statuses(self.matcher)


@dataclass(frozen=True, kw_only=True)
class Server:
    """A target."""

    name: str
    address: str
    port: int
    near: bool = True  # in this node's zone, or zones don't matter


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A port of the load balancer and where it leads."""

    port: int
    group: str  # the target group's name
    check: Check
    servers: tuple[Server, ...]
    proxy_protocol: bool = False  # tell the targets by PROXY protocol, version 2, who calls

    @property
    def backend(self) -> str:
        """The name of its backend."""
        return backend_name(self.group, self.port)

    @property
    def has_near(self) -> bool:
        """Whether a server is near; if nobody is, the others serve, as DNS would lead to them."""
        return any(server.near for server in self.servers)


def render(listeners: tuple[Listener, ...]) -> str:
    """Return the whole configuration."""
    return templates.render(
        "elbv2/templates/haproxy.cfg.j2",
        listeners=sorted(listeners, key=lambda each: each.port),
        max_connections=MAX_CONNECTIONS,
        socket=SOCKET,
    )


def backend_name(group: str, port: int) -> str:
    """Return the name of a listener's backend."""
    return f"{group}-{port}"


def _statuses(matcher: str) -> str:
    """Return a regular expression for statuses like 200-399,404."""
    parts = []
    for part in matcher.split(","):
        first, _, last = part.strip().partition("-")
        parts.append("|".join(str(status) for status in range(int(first), int(last or first) + 1)))
    wanted = "|".join(parts)
    hundreds = [
        str(digit)
        for digit in range(2, 6)
        if all(str(s) in wanted.split("|") for s in range(digit * 100, digit * 100 + 100))
    ]
    rest = [status for status in wanted.split("|") if status[0] not in hundreds]
    return f"^({'|'.join([*(f'{digit}..' for digit in hundreds), *rest])})$"


def health(statistics: str) -> dict[str, dict[str, str]]:
    """Read `show stat`: {backend: {server: status}}."""
    rows = csv.DictReader(io.StringIO(statistics.removeprefix("# ")))
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.get("svname") not in (None, "FRONTEND", "BACKEND"):
            found.setdefault(row["pxname"], {})[row["svname"]] = row["status"]
    return found
