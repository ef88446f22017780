"""Beacon's web application: two pages, probes and exact metrics, in one process."""

from importlib.resources import files

VERSION: str = files(__name__).joinpath("VERSION").read_text().strip()
