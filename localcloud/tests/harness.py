"""A real local cloud of a test's own, brought up and down by its command line: what the tests with containers share."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from localcloud.cli.control import Control
from localcloud.core.config import from_environment
from localcloud.core.errors import DockerUnavailableError
from localcloud.docker.client import probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 240.0
ROOT = Path(__file__).parents[2]


class LocalCloud:
    """One local cloud, with its command line and its clients."""

    def __init__(self, folder: Path, *, name: str, port: int, public_range: str) -> None:
        """Choose by arguments, or by LOCALCLOUD_TEST_… where something else is in the way."""
        wanted = {"NAME": name, "PORT": str(port), "PUBLIC_RANGE": public_range}
        settings = {
            f"LOCALCLOUD_{key}": os.environ.get(f"LOCALCLOUD_TEST_{key}", value) for key, value in wanted.items()
        }
        self.folder = folder
        self.environ = {**os.environ, **settings, "LOCALCLOUD_STATE": str(folder / "state")}
        self.control = Control(config=from_environment(self.environ))

    def run(self, verb: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "localcloud", verb],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def client(self, service: str, *, region: str | None = None) -> Any:
        found = self.control.env()
        return boto3.client(
            service,
            endpoint_url=found["AWS_ENDPOINT_URL"],
            region_name=region or found["AWS_REGION"],
            aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
        )


@dataclass(frozen=True, kw_only=True)
class Docker:
    """A Docker client with log-ins of its own."""

    folder: Path

    def ask(self, *words: str, given: bytes = b"") -> str:
        """Ask the engine; what it says, also when it refuses."""
        environ = os.environ | {"DOCKER_CONFIG": str(self.folder)}
        command = ["docker", *words]
        done = subprocess.run(command, input=given, env=environ, capture_output=True, timeout=120, check=False)
        return (done.stdout + done.stderr).decode()

    def log_in(self, cloud: LocalCloud, region: str, *, at: str | None = None) -> str:
        """Log in with a region's token at its registry, or at another region's."""
        data = cloud.client("ecr", region=region).get_authorization_token()["authorizationData"][0]
        user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
        host = cloud.control.config.registry_of(at or region)
        return self.ask("login", "-u", user, "--password-stdin", host, given=password.encode())


@contextmanager
def up(cloud: LocalCloud) -> Iterator[None]:
    """Bring it up, and down again whatever happens; skip the test where there is no Docker."""
    try:
        probe()
    except DockerUnavailableError as error:
        pytest.skip(str(error))
    cloud.run("up")
    try:
        yield
    finally:
        cloud.run("down")


def until(question: Callable[[], Any], *, seconds: float = PATIENCE) -> Any:
    """Ask until the answer is true; the last answer when the time is over."""
    deadline = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return answer
