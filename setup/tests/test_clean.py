"""What somebody has exported decides nothing: a row is a setting that stopped a command, or sent it elsewhere."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from setup import clean, paths
from setup.phases import environment, exported, local_cloud_environment, program

if TYPE_CHECKING:
    from pathlib import Path

DEAD = "http://127.0.0.1:9"
HOSTILE = {
    # AWS
    **dict.fromkeys(("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN"), "anothers-profile"),
    **dict.fromkeys(("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_EKS"), DEAD),
    **dict.fromkeys(
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"), "true"
    ),
    **dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"), "/nowhere"),
    "AWS_PAGER": "false",
    "AWS_DEFAULT_OUTPUT": "yaml-stream",
    "AWS_RETRY_MODE": "none",
    "AWS_CLI_AUTO_PROMPT": "on",
    # Ansible
    **dict.fromkeys(
        ("ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_ROLES_PATH", "ANSIBLE_LIBRARY", "ANSIBLE_INVENTORY"), "/nowhere"
    ),
    **dict.fromkeys(("ANSIBLE_VAULT_PASSWORD_FILE", "ANSIBLE_CONFIG", "ANSIBLE_PRIVATE_KEY_FILE"), "/nowhere"),
    **dict.fromkeys(("ANSIBLE_STRATEGY", "ANSIBLE_STDOUT_CALLBACK", "ANSIBLE_REMOTE_USER", "ANSIBLE_LIMIT"), "nobody"),
    # Terraform, Kubernetes, Docker
    "TF_WORKSPACE": "other",
    "TF_DATA_DIR": "/nowhere",
    "TF_CLI_ARGS": "-nonsense",
    "TF_VAR_name": "other",
    "KUBECONFIG": "/nowhere",
    "K8S_AUTH_HOST": DEAD,
    "K8S_AUTH_KUBECONFIG": "/nowhere",
    "DOCKER_CONTEXT": "nowhere",
    "DOCKER_DEFAULT_PLATFORM": "linux/s390x",
    "DOCKER_BUILDKIT": "1",
    # Python, Go, git, the shell
    "PYTHONPATH": "/nowhere",
    "PYTHONHOME": "/nowhere",
    "PYTHONSAFEPATH": "1",
    "PYTHONWARNINGS": "error",
    "PIP_TARGET": "/nowhere",
    "PIP_USER": "1",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "VIRTUAL_ENV": "/nowhere",
    "GOFLAGS": "-nonsense",
    "GOOS": "plan9",
    "GOTOOLCHAIN": "local",
    "GO111MODULE": "off",
    "CGO_ENABLED": "1",
    "GIT_DIR": "/nowhere",
    "GIT_WORK_TREE": "/nowhere",
    "GIT_INDEX_FILE": "/nowhere",
    "GIT_EXTERNAL_DIFF": "false",
    "BASH_ENV": "/nowhere",
    "CDPATH": "/",
    "PYTEST_ADDOPTS": "--nonsense",
    "LD_PRELOAD": "",
    "MOTO_ACCOUNT_ID": "1",
    # locale and proxies
    "LANG": "de_DE.UTF-8",
    "LC_ALL": "POSIX",
    "LANGUAGE": "de",
    "LC_MESSAGES": "xx",
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), DEAD),
}
BASE = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
COMMANDS = {
    "ansible": ([program("ansible"), "localhost", "-m", "ansible.builtin.ping"], "pong"),
    "ansible-config": ([program("ansible-config"), "dump", "--only-changed"], f"{paths.CHECKOUT}/ansible.cfg"),
    "aws": ([program("aws"), "--version"], "aws-cli/"),
    "git": (["git", "ls-files", "Makefile"], "Makefile"),
    "python": ([program("python"), "-c", "import sys; print(sys.path)"], str(paths.VENV)),
    "shell": (["bash", "-c", "locale charmap"], "UTF-8"),
}


def run(*command: str, env: dict[str, str], umask: int = 0o077) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=env, cwd=paths.CHECKOUT, check=False, capture_output=True, text=True, timeout=60, umask=umask
    )


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_no_row_changes_more_than_the_way_to_the_world(name: str) -> None:
    seen = clean.environment({**BASE, name: HOSTILE[name]})
    assert {key: value for key, value in seen.items() if key not in clean.PROXIES} == clean.environment(BASE)


@pytest.mark.parametrize("name", COMMANDS)
def test_what_setup_starts_works_with_all_rows_at_once(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    command, said = COMMANDS[name]
    for variable, value in HOSTILE.items():
        monkeypatch.setenv(variable, value)
    answer = run(*command, env=environment())
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert said in answer.stdout
    assert "anothers-profile" not in answer.stdout


@pytest.mark.parametrize("command", [("-m", "setup.gate", "nothing"), ("-m", "setup", "nothing")])
def test_verbs_start_with_all_rows_at_once(command: tuple[str, ...]) -> None:
    """As the Makefile starts them: Python's own variables are past before ours can be."""
    answer = run(sys.executable, "-E", *command, env={**BASE, **HOSTILE})
    assert answer.returncode == 2, answer.stderr
    assert "usage: python" in answer.stderr


def test_other_programs_start_clean_too(tmp_path: Path) -> None:
    """By hand, `python` can't be told to leave its own variables."""
    own = {name: value for name, value in HOSTILE.items() if not name.startswith("PYTHON")}
    state = {"LOCALCLOUD_STATE": str(tmp_path), "BEACON_CACHE": str(tmp_path)}
    answer = run(program("python"), "-m", "mirror", "list", env={**BASE, **own, **state})
    assert answer.returncode == 0, answer.stderr
    assert "mirror.beacon/registry" in answer.stdout


def test_a_shell_takes_the_local_clouds_settings_alone(tmp_path: Path) -> None:
    (tmp_path / "credentials.json").write_text('{"access_key_id": "AKIA", "secret_access_key": "a secret"}')
    hostile = {**HOSTILE, "LOCALCLOUD_STATE": str(tmp_path)}
    told = run(program("python"), "-E", "-m", "localcloud", "env", env={**BASE, **hostile}).stdout
    shown = run("bash", "-c", f"{told}\nenv", env={**BASE, **hostile, "BASH_ENV": ""}).stdout.splitlines()
    clients = dict(line.split("=", 1) for line in shown if line.startswith(clean.CLIENTS))
    assert clients == exported(told)
    assert shlex.quote("a secret") in told
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "TF_WORKSPACE", "KUBECONFIG"} & set(clients)


def test_nothing_of_the_local_cloud_goes_by_a_proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "credentials.json").write_text('{"access_key_id": "AKIA", "secret_access_key": "a secret"}')
    monkeypatch.setenv("LOCALCLOUD_STATE", str(tmp_path))
    for variable, value in HOSTILE.items():
        monkeypatch.setenv(variable, value)
    cloud = local_cloud_environment()
    assert not clean.PROXIES & set(cloud)
    assert cloud["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5600"
    assert environment()["HTTPS_PROXY"] == DEAD  # downloads may need it


def test_the_callers_exceptions_from_the_proxy_stay() -> None:
    seen = clean.environment({"NO_PROXY": "intra.example,127.0.0.1"})
    assert seen["NO_PROXY"] == seen["no_proxy"] == "intra.example,127.0.0.1,localhost,::1"
    assert clean.environment({"NO_PROXY": "*"})["NO_PROXY"] == "*"


def test_a_process_that_entered_writes_what_others_can_read(tmp_path: Path) -> None:
    script = "import os, pathlib; from setup import clean; clean.enter(); pathlib.Path(os.sys.argv[1]).write_text('')"
    file = tmp_path / "file"
    answer = run(sys.executable, "-E", "-c", script, str(file), env={**BASE, **HOSTILE})
    assert answer.returncode == 0, answer.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, None),
        ({"SSL_CERT_FILE": "/proxy.pem"}, "/proxy.pem"),
        ({"SSL_CERT_FILE": "/proxy.pem", "GIT_SSL_CAINFO": "/git.pem"}, "/git.pem"),
    ],
)
def test_git_trusts_what_the_caller_trusts(given: dict[str, str], wanted: str | None) -> None:
    assert clean.environment({"HOME": "/root", **given}).get("GIT_SSL_CAINFO") == wanted
