"""The configuration: read once from WEBAPP_* environment variables, checked before anything starts."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Self

PREFIX: Final = "WEBAPP_"
# Kubernetes hands every pod variables that are named after the namespace's Services. A Service called "webapp" makes
# WEBAPP_SERVICE_HOST, WEBAPP_PORT (an address, not a number) and the like: not ours, so no setting is called so.
SERVICE_LINK: Final = re.compile(r"WEBAPP_(SERVICE_|PORT$|PORT_\d)")
SHOWN_CHARACTERS: Final = 60


class SettingError(ValueError):
    """A variable holds what is not allowed; the text is one line for a person."""


def _shown(value: str) -> str:
    """Quote a value so that it stays on one line and is not endless."""
    return ascii(value if len(value) <= SHOWN_CHARACTERS else value[:SHOWN_CHARACTERS] + "…")


def _whole_number(low: int, high: int) -> tuple[Callable[[str], int], str]:
    allowed = f"a whole number from {low} to {high}"

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise SettingError(allowed)
        return int(text)

    return parse, allowed


def _choice[T](choices: Mapping[str, T]) -> tuple[Callable[[str], T], str]:
    allowed = "one of " + ", ".join(choices)

    def parse(text: str) -> T:
        if text not in choices:
            raise SettingError(allowed)
        return choices[text]

    return parse, allowed


def _address() -> tuple[Callable[[str], str], str]:
    allowed = "an IPv4 or IPv6 address to listen on, such as 0.0.0.0"

    def parse(text: str) -> str:
        try:
            return str(ipaddress.ip_address(text))
        except ValueError as error:
            raise SettingError(allowed) from error

    return parse, allowed


def _label() -> tuple[Callable[[str], str], str]:
    allowed = "at most 253 letters, digits, dots, dashes and underscores"

    def parse(text: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9._-]{0,253}", text):
            raise SettingError(allowed)
        return text

    return parse, allowed


def _setting(default: Any, kind: tuple[Callable[[str], Any], str], meaning: str) -> Any:
    parse, allowed = kind
    return field(default=default, metadata={"parse": parse, "allowed": allowed, "meaning": meaning})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be set. The variable of `http_port` is WEBAPP_HTTP_PORT, and so on."""

    listen_address: str = _setting("0.0.0.0", _address(), "address that both ports listen on")  # noqa: S104 - a container's only purpose
    http_port: int = _setting(8080, _whole_number(1, 65535), "port of the pages and probes")
    metrics_port: int = _setting(9090, _whole_number(1, 65535), "port of /metrics, never behind the ingress")
    threads: int = _setting(4, _whole_number(1, 64), "requests worked on at the same time")
    log_level: str = _setting(
        "info",
        _choice({level: level for level in ("debug", "info", "warning", "error")}),
        "least severe line that is logged",
    )
    drain_seconds: int = _setting(
        5, _whole_number(0, 120), "time between SIGTERM (/readyz answers 503) and the closing of the listener"
    )
    stop_seconds: int = _setting(20, _whole_number(1, 300), "time that open requests then get to finish")
    max_body_bytes: int = _setting(16384, _whole_number(0, 1048576), "largest request body that is taken")
    proxies: int = _setting(
        0,
        _whole_number(0, 9),
        "proxies in front, each adding to X-Forwarded-For; through one, only the pages are served",
    )
    test_endpoints: bool = _setting(
        False,  # noqa: FBT003 - a default, read by the field's name
        _choice({"false": False, "true": True}),
        "serve /status/<code>, /delay/<seconds> and /panic, for tests of a platform",
    )
    commit: str = _setting("unknown", _label(), "commit that the image was built from; set by the image")
    pod: str = _setting("", _label(), "name of the pod, shown on the index page")
    zone: str = _setting("", _label(), "zone of the pod, shown on the index page")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the variables; raise SettingError at the first that is wrong or unknown."""
        known = {PREFIX + item.name.upper(): item for item in fields(cls)}
        for name in sorted(environ):
            if name.startswith(PREFIX) and name not in known and not SERVICE_LINK.match(name):
                raise SettingError(f"{ascii(name)[1:-1]} is no variable of this program; known are {', '.join(known)}")
        values: dict[str, Any] = {}
        for name, item in known.items():
            if name in environ:
                try:
                    values[item.name] = item.metadata["parse"](environ[name])
                except SettingError as error:
                    raise SettingError(f"{name}={_shown(environ[name])} is not allowed: it must be {error}") from error
        settings = cls(**values)
        if settings.http_port == settings.metrics_port:
            raise SettingError(
                f"WEBAPP_METRICS_PORT='{settings.metrics_port}' is not allowed: it must differ from WEBAPP_HTTP_PORT"
            )
        return settings
