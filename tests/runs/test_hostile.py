"""`make up`, `make verify` and `make down`, whole, with shells, homes and paths as people have them.

A row is a setting that stopped a run, or sent it elsewhere. BEACON_HOSTILE_ROWS names those to run, with commas between; without it,
all. The rows take the machine's own local cloud, one after the other: no stack may be up.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.runs.checkout import UMASK, Checkout, caller

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.hostile
DEAD = "http://127.0.0.1:9"
CHOSEN = set(filter(None, os.environ.get("BEACON_HOSTILE_ROWS", "").split(",")))


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a shell has that is not ours."""

    variables: dict[str, str] = field(default_factory=dict)
    umask: int = UMASK
    long_path: bool = False  # with a space in it
    helper: bool = False  # Docker's configuration names a helper for credentials that is not there


def long_name(folder: Path) -> str:
    """Return a name with a space that makes the path 60 characters long, or as short as it can be."""
    return "my checkout".ljust(60 - len(str(folder)) - 1, "x")


ROWS = {
    "umask-077": Row(umask=0o077),
    "umask-027": Row(umask=0o027),
    "german": Row(variables={"LANG": "de_DE.UTF-8", "LANGUAGE": "de"}),  # which no machine here has generated
    "c": Row(variables={"LC_ALL": "C"}),
    "dead-proxy": Row(variables={"HTTP_PROXY": DEAD, "HTTPS_PROXY": DEAD}),
    "profile": Row(variables={"AWS_PROFILE": "work", "AWS_ENDPOINT_URL_STS": DEAD}),
    "space": Row(long_path=True),
    "helper": Row(helper=True),
    "all": Row(
        variables={"LANG": "de_DE.UTF-8", "HTTP_PROXY": DEAD, "HTTPS_PROXY": DEAD, "AWS_PROFILE": "work"},
        umask=0o077,
        long_path=True,
        helper=True,
    ),
}


@pytest.mark.parametrize("name", [name for name in ROWS if name in CHOSEN or not CHOSEN])
def test_a_whole_run(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    row = ROWS[name]
    folder = tmp_path_factory.mktemp("h")
    checkout = Checkout(
        path=folder / (long_name(folder) if row.long_path else "checkout"), label=f"{name}: ", umask=row.umask
    )
    checkout.clone()
    variables = {**caller(), **row.variables}
    if row.helper:
        (folder / "docker").mkdir()
        (folder / "docker/config.json").write_text(json.dumps({"credsStore": "gone"}))
        variables["DOCKER_CONFIG"] = str(folder / "docker")
    checkout.make("setup", caller())  # which downloads, as `up` does not have to
    try:
        checkout.make("up", variables)
        checkout.make("verify", variables)
    finally:
        checkout.make("down", variables)
