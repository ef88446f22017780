"""The database: one SQLite file in paths.data, one connection per request."""

from __future__ import annotations

import secrets
import sqlite3
import string
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS organisation (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS account (
  id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT UNIQUE NOT NULL, login TEXT UNIQUE NOT NULL COLLATE NOCASE,
  email TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL, password TEXT NOT NULL, role TEXT NOT NULL,
  administrator INTEGER NOT NULL DEFAULT 0, disabled INTEGER NOT NULL DEFAULT 0, service INTEGER NOT NULL DEFAULT 0,
  created TEXT NOT NULL, updated TEXT NOT NULL, seen TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS account_email ON account (email) WHERE email != '';
CREATE TABLE IF NOT EXISTS session (
  hash TEXT PRIMARY KEY, account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS attempt (login TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS token (
  id INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT UNIQUE NOT NULL, name TEXT NOT NULL,
  account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS team (
  id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT UNIQUE NOT NULL, name TEXT UNIQUE NOT NULL, email TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS member (
  uid TEXT NOT NULL, team INTEGER NOT NULL REFERENCES team ON DELETE CASCADE,
  account INTEGER NOT NULL REFERENCES account ON DELETE CASCADE, permission INTEGER NOT NULL, PRIMARY KEY (team, account));
CREATE TABLE IF NOT EXISTS folder (
  id INTEGER PRIMARY KEY, uid TEXT UNIQUE NOT NULL, title TEXT NOT NULL, parent TEXT NOT NULL DEFAULT '',
  creator TEXT NOT NULL, provisioned INTEGER NOT NULL DEFAULT 0, created TEXT NOT NULL, updated TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS permission (
  folder TEXT NOT NULL REFERENCES folder (uid) ON DELETE CASCADE ON UPDATE CASCADE, role TEXT,
  team INTEGER REFERENCES team ON DELETE CASCADE, account INTEGER REFERENCES account ON DELETE CASCADE,
  level INTEGER NOT NULL, created TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS dashboard (
  id INTEGER PRIMARY KEY, uid TEXT UNIQUE NOT NULL, title TEXT NOT NULL, tags TEXT NOT NULL, model TEXT NOT NULL,
  folder TEXT REFERENCES folder (uid) ON DELETE CASCADE, creator TEXT NOT NULL, file TEXT, provider TEXT,
  created TEXT NOT NULL, updated TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS datasource (
  id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT UNIQUE NOT NULL, name TEXT UNIQUE NOT NULL, type TEXT NOT NULL,
  settings TEXT NOT NULL, secrets TEXT NOT NULL, standard INTEGER NOT NULL DEFAULT 0, locked INTEGER NOT NULL DEFAULT 0,
  provisioned INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS contact_point (uid TEXT PRIMARY KEY, model TEXT NOT NULL);
"""
NEVER_SEEN = "2016-01-01T00:00:00Z"  # Grafana too gives a user who never came a date ten years back

Row = dict[str, Any]


class Store:
    """One connection to the database; a `with` block is a transaction."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, timeout=10)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA foreign_keys = ON")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        (self._connection.rollback if kind else self._connection.commit)()
        self._connection.close()

    def create(self) -> None:
        """Make the tables that are missing."""
        self._connection.executescript("PRAGMA journal_mode = WAL;" + SCHEMA)

    def rows(self, query: str, *values: object) -> list[Row]:
        """Return all rows."""
        return [dict(row) for row in self._connection.execute(query, values)]

    def row(self, query: str, *values: object) -> Row | None:
        """Return the first row, if there is one."""
        found = self._connection.execute(query, values).fetchone()
        return dict(found) if found else None

    def run(self, query: str, *values: object) -> int:
        """Change something; return how many rows it was."""
        return self._connection.execute(query, values).rowcount

    def insert(self, table: str, **columns: object) -> int:
        """Add a row of our own making; return its id. Table and column names come from this code only."""
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - no name comes from outside
        return self._connection.execute(statement, tuple(columns.values())).lastrowid or 0

    def keep(self) -> None:
        """Commit what was done so far, also where the request is refused."""
        self._connection.commit()

    def count(self, table: str, where: str = "1") -> int:
        """Count rows; both names come from this code only."""
        statement = f"SELECT count(*) FROM {table} WHERE {where}"  # noqa: S608 - no name comes from outside
        return int(self._connection.execute(statement).fetchone()[0])


def now() -> str:
    """Return the time as the API shows it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_uid() -> str:
    """Return a short random name, 14 characters as Grafana's own."""
    return secrets.choice(string.ascii_lowercase) + "".join(
        secrets.choice(string.ascii_lowercase + string.digits) for _ in range(13)
    )


def new_id() -> int:
    """Return an id of the kind that Grafana gives folders and dashboards: it grows with time, 53 bits at most."""
    return (int(time.time() * 1000) - 1_577_836_800_000) << 12 | secrets.randbelow(1 << 12)
