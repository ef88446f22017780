"""What a credential becomes in a job: environment variables and files that AWS's own clients and ssh understand."""

from __future__ import annotations

import configparser
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.awx.launch import Credential, Launcher, clean

SOURCE = {"access_key": "made-up-id", "secret_key": "made-up-secret", "role_arn": "arn:aws:iam::123456789012:role/x"}


def injected(folder: Path, credential: Credential) -> dict[str, str]:
    (folder / "env").mkdir()
    launcher = Launcher(folder, {}, {"it": credential})
    return launcher.injected(["it"], folder, str(folder))


@pytest.mark.parametrize("more", [{}, {"external_id": "made-up"}])
def test_a_role_is_a_profile(tmp_path: Path, more: dict[str, str]) -> None:
    environment = injected(tmp_path, Credential("Beacon AWS role", SOURCE | more))
    assert "AWS_ACCESS_KEY_ID" not in environment  # it would win over the profile
    config = configparser.ConfigParser()
    config.read([environment["AWS_CONFIG_FILE"], environment["AWS_SHARED_CREDENTIALS_FILE"]])
    profile = dict(config[f"profile {environment['AWS_PROFILE']}"])
    assert profile == {"role_arn": SOURCE["role_arn"], "source_profile": "source"} | more
    assert config["source"]["aws_secret_access_key"] == "made-up-secret"


@pytest.mark.awx
def test_a_role_is_assumed_in_the_local_cloud(cloud: dict[str, str], tmp_path: Path) -> None:
    def ask(environment: dict[str, str], *words: str) -> str:
        aws = [str(Path(sys.executable).with_name("aws")), *words, "--region", cloud["AWS_REGION"]]
        settings = {**clean(), "AWS_ENDPOINT_URL": cloud["AWS_ENDPOINT_URL"], "AWS_EC2_METADATA_DISABLED": "true"}
        answer = subprocess.run(
            aws, env=settings | environment, check=True, capture_output=True, text=True, timeout=60, cwd=os.sep
        )
        return answer.stdout

    keys = {name: value for name, value in cloud.items() if name.startswith("AWS_")}
    role = json.loads(ask(keys, "iam", "get-role", "--role-name", "beacon-local-deployer"))["Role"]["Arn"]
    source = {"access_key": cloud["AWS_ACCESS_KEY_ID"], "secret_key": cloud["AWS_SECRET_ACCESS_KEY"], "role_arn": role}
    environment = injected(tmp_path, Credential("Beacon AWS role", source))
    assert ":assumed-role/beacon-local-deployer/" in ask(environment, "sts", "get-caller-identity")
