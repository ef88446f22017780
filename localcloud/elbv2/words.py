"""Texts of users in HAProxy's configuration: https://docs.haproxy.org/3.0/configuration.html#2.2. Pure."""

from __future__ import annotations

import re
import string

PLAIN = frozenset((string.ascii_letters + string.digits + "-._/:^$()|?*+[]&,=~").encode())


def quote(text: str) -> str:
    """Return one word of the configuration that means exactly this text, whatever is in it."""
    return "".join(chr(byte) if byte in PLAIN else f"\\x{byte:02x}" for byte in text.encode()) or '""'


def quote_format(text: str) -> str:
    """Return a text as part of a log format, where `%` begins a variable."""
    return quote(text.replace("%", "%%")) if text else ""


def wildcards(pattern: str, *, character: str = ".") -> str:
    r"""Return a regular expression for a pattern in which `*` and `?` stand for characters, `\*` and `\?` for themselves."""
    parts = re.findall(r"\\[*?\\]|.", pattern, re.DOTALL)
    return "".join({"*": f"{character}*", "?": character}.get(part) or re.escape(part[-1]) for part in parts)
