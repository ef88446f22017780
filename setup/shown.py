"""How rows are printed, fit to be handed to others: without the name of a person or a password."""

from __future__ import annotations

import getpass
import re
from pathlib import Path

MARKS = {True: "ok", False: "problem", None: "-"}


def row(name: str, well: bool | None, text: str) -> str:  # noqa: FBT001 # a column
    """Return one line: what was looked at, how it is, and what is to be said of it."""
    return f"{MARKS[well]:<8}{name:<18}{public(' '.join(text.split()))}"


def public(text: str) -> str:
    """Take home directories, the user's name in paths, and what stands before the @ of an address out of a text."""
    homes = {str(Path.home()), str(Path.home().resolve())} - {"/"}
    for home in sorted(homes, key=len, reverse=True):
        text = re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text)
    text = re.sub(rf"(?<=/){re.escape(_user())}(?=/|\b)", "USER", text)
    return re.sub(r"(?<=://)[^/\s@]+@", "", text)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return "nobody"
