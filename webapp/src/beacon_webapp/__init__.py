"""Beacon's web application: two pages, probes and exact metrics, in one process."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

VERSION: str = Path(__file__).with_name("VERSION").read_text().strip()


def create_app() -> "Flask":
    """Build the application as the environment's variables say: for `flask --app beacon_webapp run`."""
    from beacon_webapp import app  # noqa: PLC0415 - who wants the version or a template needs no Flask

    return app.create_app()
