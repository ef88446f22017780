"""A double of Grafana: the part of it that Beacon's role, checks and people use, where the real one can't be had."""

from pathlib import Path

VERSION = (Path(__file__).parents[2] / "VERSION").read_text().strip()  # the archive's own, as Grafana's has one
COMMIT = "beacon-double"
HEADER = ("X-Beacon-Double", "grafana")
NOTICE = "This is Beacon's double of Grafana, not Grafana itself."
