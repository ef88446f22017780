"""Terraform's own inputs: the program, the provider, the origin of the modules."""

from mirror.settings import Settings


def modules_origin(settings: Settings) -> str:
    return "stand-in"


def prepare(settings: Settings, *, upstream: bool) -> str:
    return ""
