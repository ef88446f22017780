"""HAProxy's configuration for one node of a network load balancer, and its answer about health. No Docker, no moto."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

CONFIGURATION = "/etc/haproxy/haproxy.cfg"
SOCKET = "/run/haproxy.sock"
MAX_CONNECTIONS = 4000

HEAD = f"""\
# Written by the local cloud. TCP only, as a network load balancer: TLS and paths are its targets' business.
global
  log stdout format raw local0 notice
  maxconn {MAX_CONNECTIONS}
  stats socket {SOCKET} mode 600 level admin expose-fd listeners
  hard-stop-after 60s
defaults
  mode tcp
  log global
  timeout connect 3s
  timeout client 350s
  timeout server 350s
  option redispatch
  retries 2
"""


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


def render(listeners: tuple[Listener, ...]) -> str:
    """Return the whole configuration."""
    return HEAD + "".join(_listener(listener) for listener in sorted(listeners, key=lambda each: each.port))


def backend_name(group: str, port: int) -> str:
    """Return the name of a listener's backend."""
    return f"{group}-{port}"


def _listener(listener: Listener) -> str:
    check = listener.check
    name = backend_name(listener.group, listener.port)
    lines = [f"frontend port-{listener.port}", f"  bind :{listener.port}", f"  default_backend {name}", ""]
    lines += [f"backend {name}", "  balance roundrobin", f"  timeout check {check.timeout}s"]
    options = f"check inter {check.interval}s fastinter 1s downinter 1s rise {check.healthy} fall {check.unhealthy}"
    if check.port is not None:
        options += f" port {check.port}"
    if check.protocol in ("HTTP", "HTTPS"):
        lines += ["  option httpchk", f"  http-check send meth GET uri {check.path} ver HTTP/1.1 hdr Host health-check"]
        lines += [f"  http-check expect rstatus {_statuses(check.matcher)}"]
        if check.protocol == "HTTPS":
            options += " check-ssl verify none"  # as AWS: a health check doesn't verify
    if listener.proxy_protocol:
        options += (
            " send-proxy-v2 check-send-proxy"  # AWS sends the header with health checks, too: one that names nobody
        )
    lines += [f"  default-server {options} on-marked-down shutdown-sessions"]
    far = all(
        not server.near for server in listener.servers
    )  # nobody near: the others serve, as DNS would lead to them
    for server in sorted(listener.servers, key=lambda each: each.name):
        backup = "" if server.near or far else " backup"
        lines.append(f"  server {server.name} {server.address}:{server.port}{backup}")
    return "\n".join([*lines, "", ""])


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
