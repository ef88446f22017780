import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import structlog
from beacon_webapp.app import create_app
from beacon_webapp.metrics import Metrics
from beacon_webapp.settings import Settings
from beacon_webapp.shutdown import ShutdownState
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings

# How long an example takes says how busy the machine is, nothing about the code.
settings.register_profile("beacon", deadline=None)
settings.load_profile("beacon")

type FreePort = Callable[..., int]

MOMENT = datetime(2026, 11, 23, 18, 29, 59, 999999, tzinfo=UTC)


@pytest.fixture
def log_lines() -> Iterator[list[structlog.typing.EventDict]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def shutdown() -> ShutdownState:
    return ShutdownState()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(commit="abc1234")


@pytest.fixture
def make_app(
    log_lines: list[structlog.typing.EventDict], metrics: Metrics, shutdown: ShutdownState
) -> Callable[[Settings], Flask]:
    def make(settings: Settings) -> Flask:
        return create_app(settings, metrics=metrics, shutdown=shutdown, now=lambda: MOMENT)

    return make


@pytest.fixture
def app(make_app: Callable[[Settings], Flask]) -> Flask:
    return make_app(Settings(commit="abc1234", pod="webapp-0", zone="eu-west-1a"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def fault_client(make_app: Callable[[Settings], Flask]) -> FlaskClient:
    return make_app(Settings(test_endpoints=True)).test_client()


@pytest.fixture
def free_port() -> FreePort:
    def find(address: str = "127.0.0.1") -> int:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.bind((address, 0))
            return int(probe.getsockname()[1])

    return find
