"""The command line: `grafana server`, `grafana cli admin reset-admin-password`, `grafana --version`."""

from __future__ import annotations

import argparse
import logging
import os
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import COMMIT, VERSION, accounts
from .app import database
from .provisioning import ProvisioningError
from .server import serve
from .settings import SettingsError, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .settings import Settings

HOME = Path(__file__).resolve().parents[2]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="grafana", description="Beacon's double of Grafana.")
    parser.add_argument("-v", "--version", action="version", version=f"grafana version {VERSION} ({COMMIT})")
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-homepath", "--homepath", type=Path, default=HOME)
    common.add_argument("-config", "--config", type=Path)
    server = commands.add_parser("server", parents=[common])
    server.add_argument("-pidfile", "--pidfile", type=Path)
    server.add_argument("-packaging", "--packaging", default="unknown")
    server.add_argument("overrides", nargs="*", help="cfg:section.key=value")
    cli = commands.add_parser("cli", parents=[common]).add_subparsers(dest="group", required=True)
    reset = cli.add_parser("admin").add_subparsers(dest="action", required=True).add_parser("reset-admin-password")
    reset.add_argument("-password-from-stdin", "--password-from-stdin", action="store_true", required=True)
    reset.add_argument("--user-id", type=int, default=1)
    return parser


def _reset(settings: Settings, user_id: int) -> int:
    password = sys.stdin.readline().rstrip("\n")
    with database(settings) as store:
        found = accounts.find(store, user_id)
        if found is None or len(password) < accounts.PASSWORD_LENGTH:
            known = "New password is too short" if found else f"there is no user with the id {user_id}"
            print(f"Error: {known}", file=sys.stderr)
            return 1
        accounts.set_password(store, found.id, password)
    print("Admin password changed successfully ✔")
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run a command; an error of configuration is one line and exit status 1."""
    options = _parser().parse_args(arguments)
    os.umask(0o027)
    try:
        overrides = getattr(options, "overrides", [])
        settings = load(home=options.homepath, config=options.config, arguments=overrides)
        if options.command == "cli":
            return _reset(settings, options.user_id)
        level = settings.text("log", "level").upper()
        for name, number in logging.getLevelNamesMapping().items():
            logging.addLevelName(number, name.lower())  # as Grafana writes them
        logging.basicConfig(
            level=level, format="logger=%(name)s level=%(levelname)s msg=%(message)s", stream=sys.stdout
        )
        serve(settings, options.pidfile)
    except (SettingsError, ProvisioningError, OSError, sqlite3.Error) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0
