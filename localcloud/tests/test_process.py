from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import requests
from botocore.config import Config as ClientConfig
from botocore.exceptions import BotoCoreError

from localcloud.core.state import UNSAVED
from localcloud.http import principals
from localcloud.tests.harness import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.core.config import Config

PATIENCE = 120.0  # seconds: moto is imported, perhaps on a busy machine


def environment(config: Config) -> dict[str, str]:
    return {
        **os.environ,
        "LOCALCLOUD_NAME": config.name,
        "LOCALCLOUD_STATE": str(config.state),
        "LOCALCLOUD_PORT": str(config.port),
        "LOCALCLOUD_PUBLIC_RANGE": "127.77.0.0/24",  # this machine answers there without Docker
    }


@contextmanager
def server(config: Config) -> Iterator[subprocess.Popen[str]]:
    """Run the server's process until the end of the block; it answers."""
    command = [sys.executable, "-m", "localcloud.tests.without_docker"]
    with subprocess.Popen(command, cwd=ROOT, env=environment(config), stderr=subprocess.PIPE, text=True) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while not answers(config):
                assert process.poll() is None, process.communicate()[1]
                assert time.monotonic() < deadline, "no answer"
                time.sleep(0.1)
            yield process
        finally:
            process.kill()


def answers(config: Config) -> bool:
    try:
        return requests.get(f"{config.endpoint}/health", timeout=5).ok
    except requests.ConnectionError:
        return False


def iam(config: Config) -> Any:
    access_key, secret = principals.read_administrator(config.state / "credentials.json")
    return boto3.client(
        "iam",
        endpoint_url=config.endpoint,
        region_name=config.region,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        config=ClientConfig(retries={"total_max_attempts": 1}),
    )


def users(config: Config) -> list[str]:
    return [user["UserName"] for user in iam(config).list_users()["Users"]]


def test_a_change_that_cannot_be_saved_is_no_success(config: Config) -> None:
    """Neither answered as done nor seen by anybody: the process ends, and the next one has what was saved last."""
    with server(config) as process:
        iam(config).create_user(UserName="kept")
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1000, 1000))  # a disk that is full
        with pytest.raises(BotoCoreError):
            iam(config).create_user(UserName="lost")
        _, log = process.communicate(timeout=PATIENCE)
        assert process.returncode == UNSAVED
        assert "model.pickle can't be saved: the server ends; `up` restores what was saved last" in log
        assert "File too large" in log
    with server(config):
        assert "kept" in users(config)
        assert "lost" not in users(config)
        iam(config).create_user(UserName="lost")
        assert "lost" in users(config)
