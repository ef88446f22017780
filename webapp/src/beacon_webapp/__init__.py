"""Beacon's web application: two pages, probes and exact metrics, in one process."""

from pathlib import Path

VERSION: str = Path(__file__).with_name("VERSION").read_text().strip()
