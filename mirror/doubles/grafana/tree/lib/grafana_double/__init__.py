"""A double of Grafana: the part of it that Beacon's role, checks and people use, where the real one can't be had."""

VERSION = "12.4.0"
COMMIT = "beacon-double"
HEADER = ("X-Beacon-Double", "grafana")
NOTICE = "This is Beacon's double of Grafana, not Grafana itself."
