"""Moto's backends by the name of their service."""

from __future__ import annotations

from typing import Any

from moto.backends import get_backend
from moto.core.base_backend import BackendDict


def used() -> list[Any]:
    """Return the services that have backends."""
    services: Any = BackendDict
    return [service for service in services._instances if service.service_name != "moto_api"]  # noqa: SLF001 - moto's only list


def backends(service: str) -> Any:
    """Return a service's backends, by account and region: moto's own function takes literals only."""
    return get_backend(service)  # type: ignore[call-overload]
