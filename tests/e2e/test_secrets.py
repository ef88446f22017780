"""The actual values of all secrets are in no log at -vvv, unit file, process list or world-readable file."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.e2e.stack import play, run

if TYPE_CHECKING:
    from tests.e2e.stack import Stack

pytestmark = pytest.mark.again
PUBLIC = {"ca_certificate"}
# where others can read; not what the kernel makes up
FOLDERS = ("/etc", "/opt", "/usr/local", "/var", "/run", "/tmp", "/home", "/srv")


@pytest.fixture(scope="module")
def secrets(stack: Stack) -> dict[str, str]:
    """Each secret by its name; of a key the longest line, since a log may break it into lines."""
    values = {name: stack.parameter(name) for name in stack.outputs["parameters"] if name not in PUBLIC}
    assert len(values) >= 5
    return {name: max(value.splitlines(), key=len) for name, value in values.items()}


def shown(text: str, secrets: dict[str, str]) -> list[str]:
    """Name the secrets whose value is in a text; the text itself is not for a test's log."""
    return [name for name, value in secrets.items() if value in text]


def test_a_run_at_vvv_shows_none_and_changes_nothing(secrets: dict[str, str]) -> None:
    answer = play("monitor", "-vvv", "--diff", limit=1800)
    assert answer.returncode == 0, answer.stdout[-2000:]
    assert shown(answer.stdout + answer.stderr, secrets) == []


@pytest.mark.parametrize("host", ["monitoring_instance_id", "ops_instance_id"])
def test_a_host_shows_none(stack: Stack, secrets: dict[str, str], host: str) -> None:
    name = run("docker", "ps", "-q", "--filter", f"label=beacon.instance={stack.outputs[host]}").stdout.strip()
    assert name, f"there is no container of {host} {stack.outputs[host]}: nobody could be asked"
    for command in (
        ["ps", "-eo", "args"],
        ["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"],
        ["sh", "-c", "cat /etc/systemd/system/*.service /etc/systemd/system/*.timer"],
        ["journalctl", "--no-pager", "--quiet"],
    ):
        answer = run("docker", "exec", name, *command, limit=120)
        assert answer.returncode == 0, f"{command}: {answer.stderr}"
        assert answer.stdout.strip(), f"{command} said nothing"
        assert shown(answer.stdout, secrets) == [], command
    # the values go in by standard input: a process' arguments are what is looked at
    script = (
        "umask 077; cat > /root/values; grep -c . /root/values; "
        "find {} -xdev -type f -perm -o=r -print0 | xargs -0 grep -lF -f /root/values"
    )
    try:
        found = subprocess.run(
            ["docker", "exec", "-i", name, "sh", "-c", script.format(" ".join(FOLDERS))],
            input="\n".join(secrets.values()) + "\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    finally:
        run("docker", "exec", name, "rm", "-f", "/root/values")
    # how many were looked for, and nothing of where they were found
    assert found.stdout.split() == [str(len(secrets))], found.stderr
