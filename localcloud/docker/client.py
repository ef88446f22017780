"""The Docker engine: one lazy client, and its errors in our words."""

from __future__ import annotations

import contextlib
from functools import cached_property
from typing import TYPE_CHECKING, Any

import docker
import requests
from docker.errors import DockerException, ImageNotFound

from localcloud.core.errors import DockerFailedError, DockerUnavailableError, ImageMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT = 60  # seconds that one call of the engine may take
PROBE_TIMEOUT = 5


class Engine:
    """Made without a connection, so that importing and testing need no Docker."""

    @cached_property
    def client(self) -> docker.DockerClient:
        """The client; DockerUnavailableError when no engine answers."""
        probe()
        return docker.from_env(timeout=TIMEOUT, max_pool_size=20)

    @property
    def api(self) -> Any:
        """The low-level client: what a machine needs is finer than the high-level one offers."""
        return self.client.api


def probe() -> None:
    """Ask the engine for a sign of life."""
    try:
        client = docker.from_env(timeout=PROBE_TIMEOUT)
        client.ping()
        client.close()
    except (DockerException, requests.RequestException, OSError) as error:
        raise DockerUnavailableError(
            f"No Docker engine answers ({_first_line(error)}). Docker Engine 20.10 or newer must run and this user must be "
            "allowed to use it: start it (`systemctl start docker`), or set DOCKER_HOST, and try again."
        ) from error


@contextlib.contextmanager
def failures(doing: str) -> Iterator[None]:
    """Turn whatever the engine's client raises into DockerFailedError that says what was being done."""
    try:
        yield
    except ImageNotFound as error:
        raise ImageMissingError(image=str(error.explanation or error).split(": ")[-1]) from error
    except (DockerException, requests.RequestException, OSError) as error:
        raise DockerFailedError(f"{doing}: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    explanation = getattr(error, "explanation", None) or str(error) or type(error).__name__
    return str(explanation).strip().splitlines()[0]
