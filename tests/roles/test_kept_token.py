"""The token of `aws eks get-token` that a run keeps: asked again when it ends, or when somebody else asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "roles/cluster_access/files/kept_token.py"
CLI = """#!/bin/sh
echo "$*" >> "$CALLS"
test -z "$REFUSED" || { echo "$REFUSED" >&2; exit 254; }
cat "$ANSWER"
"""


class Asker:
    """Asks as a client of the API does, by a command that stands for the AWS CLI."""

    def __init__(self, folder: Path) -> None:
        self.token, self.calls, self.answer = folder / "run.kubeconfig.token", folder / "calls", folder / "answer"
        self.cli = folder / "aws"
        self.cli.write_text(CLI)
        self.cli.chmod(0o700)
        self.ends_in(timedelta(minutes=14), "first")

    def ends_in(self, left: timedelta, token: str) -> None:
        """Have the command answer with this token."""
        status = {"token": token, "expirationTimestamp": (datetime.now(UTC) + left).strftime("%Y-%m-%dT%H:%M:%SZ")}
        self.answer.write_text(json.dumps({"kind": "ExecCredential", "status": status}))

    def ask(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-IS", str(PROGRAM), str(self.token), str(self.cli), "eks", "get-token", *arguments]
        environment = {"CALLS": str(self.calls), "ANSWER": str(self.answer), "AWS_ACCESS_KEY_ID": "AKIA1"} | variables
        return subprocess.run(
            command, env=os.environ | environment, capture_output=True, text=True, timeout=30, check=False
        )

    def named(self, *arguments: str, **variables: str) -> str:
        answer = self.ask(*arguments, **variables)
        assert answer.returncode == 0, answer.stderr
        return str(json.loads(answer.stdout)["status"]["token"])

    def asked(self) -> int:
        return len(self.calls.read_text().splitlines())


@pytest.fixture
def asker(tmp_path: Path) -> Asker:
    return Asker(tmp_path)


def test_a_token_is_asked_for_once(asker: Asker) -> None:
    assert [asker.named(), asker.named()] == ["first", "first"]
    assert asker.calls.read_text() == "eks get-token\n"
    assert asker.token.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in asker.token.parent.iterdir()} == {"aws", "answer", "calls", "run.kubeconfig.token"}


def test_one_that_ends_soon_is_asked_for_again(asker: Asker) -> None:
    asker.ends_in(timedelta(seconds=50), "first")
    asker.named()
    asker.ends_in(timedelta(minutes=14), "second")
    assert [asker.named(), asker.named()] == ["second", "second"]


def test_others_have_another_one(asker: Asker) -> None:
    asker.named()
    asker.ends_in(timedelta(minutes=14), "second")
    assert asker.named(AWS_ACCESS_KEY_ID="AKIA2") == "second"
    assert asker.named("--role-arn", "deployer") == "second"
    assert asker.named(AWS_ENDPOINT_URL="http://127.0.0.1:1") == "second"
    credentials = asker.cli.with_name("credentials")
    credentials.write_text("[default]\naws_access_key_id = AKIA3\n")
    assert asker.named(AWS_SHARED_CREDENTIALS_FILE=str(credentials)) == "second"
    credentials.write_text("[default]\naws_access_key_id = AKIA4\n")
    asker.ends_in(timedelta(minutes=14), "third")
    assert asker.named(AWS_SHARED_CREDENTIALS_FILE=str(credentials)) == "third"
    assert asker.asked() == 6


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"asker": 1, "credential": "{}"}'])
def test_a_file_that_is_none_of_ours_is_replaced(asker: Asker, content: str) -> None:
    asker.token.write_text(content)
    assert asker.named() == "first"
    assert asker.named() == "first"
    assert asker.asked() == 1


def test_a_failure_is_passed_on_and_nothing_is_kept(asker: Asker) -> None:
    answer = asker.ask(REFUSED="AccessDenied: not you")
    assert (answer.returncode, answer.stdout) == (254, "")
    assert answer.stderr == "AccessDenied: not you\n"
    assert not asker.token.exists()


def test_no_secret_is_written(asker: Asker) -> None:
    asker.named(AWS_SECRET_ACCESS_KEY="s3cr3t", AWS_SESSION_TOKEN="s3ss10n")
    assert "s3cr3t" not in asker.token.read_text()
    assert asker.named(AWS_SECRET_ACCESS_KEY="other") == "first"
    assert asker.asked() == 1
