"""What is there stays as it is: a second run, a check run, a killed server, a state that is locked."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.e2e.stack import ENVIRONMENT, STATE, play, run

if TYPE_CHECKING:
    from tests.e2e.stack import Stack

pytestmark = pytest.mark.again
GOAL_SECONDS = 60  # said, not asserted: a busy machine is no defect; benchmarks/site measures it
RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


def recap(text: str) -> dict[str, tuple[int, int, int]]:
    """Return (changed, unreachable, failed) of each host."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return {host: (int(c), int(u), int(f)) for host, c, u, f in RECAP.findall(plain)}


def test_a_second_run_changes_nothing(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    answer = play("site")
    seconds = time.monotonic() - started
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr
    hosts = recap(answer.stdout)
    assert len(hosts) >= 2
    assert set(hosts.values()) == {(0, 0, 0)}, answer.stdout[-4000:]
    with capsys.disabled():
        print(f"second site.yml: {seconds:.0f} s (goal: {GOAL_SECONDS} s on two idle cores)")  # noqa: T201 - for whoever runs it


def test_a_check_run_tells_that_nothing_would_change(stack: Stack) -> None:
    answer = play("site", "--check")
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr
    assert set(recap(answer.stdout).values()) == {(0, 0, 0)}, answer.stdout[-4000:]


def test_a_killed_server_comes_back_with_all_its_state(stack: Stack) -> None:
    failures: list[str] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                answer = stack.page("/gandalf")
                if answer.status_code != 200:
                    failures.append(str(answer.status_code))
            except OSError as error:
                failures.append(str(error))
            time.sleep(0.2)

    client = threading.Thread(target=ask)
    client.start()
    try:
        os.kill(int((STATE / "localcloud" / "lock").read_text().split()[0]), signal.SIGKILL)
        time.sleep(2)
        restarted = run("python", "-m", "localcloud", "up", limit=120)
        assert restarted.returncode == 0, restarted.stdout + restarted.stderr
        plan = run("terraform", f"-chdir={stack.terraform}", "plan", "-detailed-exitcode", "-no-color", limit=300)
        assert plan.returncode == 0, plan.stdout[-3000:] + plan.stderr
        assert "No changes" in plan.stdout
    finally:
        done.set()
        client.join()
    assert failures == []


def test_a_state_that_somebody_else_holds_is_left_alone(stack: Stack) -> None:
    bucket = f"beacon-{ENVIRONMENT}-state-{stack.outputs['account_id']}"
    s3 = boto3.client("s3")
    (state,) = (
        item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"] if item["Key"].endswith("tfstate")
    )
    lock = {
        "ID": "6f1c2d5e-0000-4000-8000-3a5b7c9d1e2f",
        "Operation": "OperationTypeApply",
        "Info": "",
        "Who": "somebody@elsewhere",
        "Version": "1.11.4",
        "Created": "2026-01-02T03:04:05Z",
        "Path": f"{bucket}/{state}",
    }
    s3.put_object(Bucket=bucket, Key=f"{state}.tflock", Body=json.dumps(lock))
    try:
        answer = play("provision", "-e", "infrastructure_lock_timeout=1")
    finally:
        s3.delete_object(Bucket=bucket, Key=f"{state}.tflock")
    assert answer.returncode != 0
    told = " ".join(answer.stdout.split())
    for part in ("somebody@elsewhere", "2026-01-02 03:04:05", f"-e infrastructure_unlock={lock['ID']}"):
        assert part in told
    assert recap(answer.stdout)["localhost"] == (0, 0, 1)
