"""HAProxy's configuration for one node of a load balancer, and its answer about health. No Docker, no moto."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localcloud.core import templates
from localcloud.elbv2.words import quote

if TYPE_CHECKING:
    from localcloud.elbv2.routing import Rule

CONFIGURATION = "/etc/haproxy/haproxy.cfg"
LOADED = "/etc/haproxy/loaded.cfg"  # a copy of what was loaded last
SOCKET = "/run/haproxy.sock"
STATES = "/etc/haproxy/servers.state"  # what HAProxy holds of its servers when it starts or is reloaded
STATES_HEAD = """\
1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change \
srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn \
srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port"""
STATES_SERVER = (1, 3, 4, 18)  # columns of a server's backend, name, address and port
MAX_CONNECTIONS = 4000
UNREACHABLE = "<html><body>The target can not be reached</body></html>"


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
    def uri(self) -> str:
        """The path as one word of the configuration."""
        return quote(self.path)

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
class Backend:
    """A target group, as one listener uses it."""

    name: str  # see backend_name
    check: Check
    servers: tuple[Server, ...]
    proxy_protocol: bool = False  # tell the targets by PROXY protocol, version 2, who calls
    balance: str = "roundrobin"
    cookie_seconds: int = 0  # how long a client keeps to its target by a cookie; 0: it does not

    @property
    def has_near(self) -> bool:
        """Whether a server is near; if nobody is, the others serve, as DNS would lead to them."""
        return any(server.near for server in self.servers)


@dataclass(frozen=True, kw_only=True)
class Http:
    """How an application load balancer treats requests."""

    idle_seconds: int = 60
    drop_invalid_headers: bool = False
    forwarded_for: str = "append"  # or preserve, remove
    client_port: bool = False  # in X-Forwarded-For
    show_tls: bool = False  # tell targets the version and the cipher


@dataclass(frozen=True, kw_only=True)
class Tls:
    """How a port speaks TLS, in HAProxy's words."""

    certificates: tuple[str, ...]  # paths; the first is shown to who names no host, or another
    first: str  # version of TLS
    last: str
    ciphers: str = ""  # of TLS 1.2 and before
    suites: str = ""  # of TLS 1.3
    alpn: str = ""

    @property
    def words(self) -> str:
        """The rest of a `bind` line."""
        certificates = " ".join(f"crt {path}" for path in self.certificates)
        settings = {
            "ssl-min-ver": self.first,
            "ssl-max-ver": self.last,
            "ciphers": self.ciphers,
            "ciphersuites": self.suites,
            "alpn": self.alpn,
        }
        return " ".join(["ssl", certificates, *(f"{name} {value}" for name, value in settings.items() if value)])


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A port of the load balancer and where it leads."""

    port: int
    backends: tuple[Backend, ...]
    http: Http | None = None  # None: TCP, to the only backend
    tls: Tls | None = None  # None: in the clear
    rules: tuple[Rule, ...] = ()  # of HTTP, in their order; the last one has no conditions

    @property
    def empty(self) -> frozenset[str]:
        """The names of backends without a server."""
        return frozenset(backend.name for backend in self.backends if not backend.servers)


def render(listeners: tuple[Listener, ...]) -> str:
    """Return the whole configuration."""
    return templates.render(
        "elbv2/templates/haproxy.cfg.j2",
        listeners=sorted(listeners, key=lambda each: each.port),
        max_connections=MAX_CONNECTIONS,
        socket=SOCKET,
        states=STATES,
        unreachable=quote(UNREACHABLE),
    )


def initial_states(listeners: tuple[Listener, ...]) -> str:
    """Return the states file in which all servers are down and unchecked: HAProxy alone takes a new one for healthy.

    Its format: https://docs.haproxy.org/3.0/management.html#9.3-show%20servers%20state
    """
    named = sorted(
        (backend.name, server.name, server.address, server.port)
        for listener in listeners
        for backend in listener.backends
        for server in backend.servers
    )
    rows = [
        f"1 {backend} 1 {name} {address} 0 0 1 1 0 1 0 0 6 0 0 0 - {port} - 0 0 - - 0"
        for backend, name, address, port in named
    ]
    return "\n".join([STATES_HEAD, *rows]) + "\n"


def known_states(initial: str, said: str) -> str:
    """Return `initial` with the states of servers that HAProxy has in `said`, its answer to `show servers state`."""
    known = {_server_of(row): row for row in said.splitlines()[2:] if row}
    return "".join(f"{known.get(_server_of(row), row)}\n" for row in initial.splitlines())


def _server_of(row: str) -> tuple[str, ...]:
    """Return what a row of states is about; the same name at another address is another server."""
    words = row.split()
    return tuple(words[column] for column in STATES_SERVER if column < len(words))


def backend_name(group: str, port: int) -> str:
    """Return the name of a listener's backend for a target group."""
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


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What HAProxy says of a server: https://docs.haproxy.org/3.0/management.html#9.1."""

    status: str  # UP, DOWN, UP 1/3, no check, …
    check: str = ""  # how its last check ended: L7OK, L7STS (another status), L4TOUT and L7TOUT (no answer in time), …
    code: str = ""  # the status that the check was answered


def health(statistics: str) -> dict[str, dict[str, Verdict]]:
    """Read `show stat`: {backend: {server: verdict}}."""
    rows = csv.DictReader(io.StringIO(statistics.removeprefix("# ")))
    found: dict[str, dict[str, Verdict]] = {}
    for row in rows:
        if row.get("svname") not in (None, "FRONTEND", "BACKEND"):
            verdict = Verdict(
                status=row["status"], check=row.get("check_status") or "", code=row.get("check_code") or ""
            )
            found.setdefault(row["pxname"], {})[row["svname"]] = verdict
    return found
