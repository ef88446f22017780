"""STS' model: moto's. Who may open a session is decided by the operation, see responses.py."""

from __future__ import annotations

from moto.sts.models import STSBackend


class LocalSTSBackend(STSBackend):
    """moto's STS, beside our operations."""
