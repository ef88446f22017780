"""What monitoring is for: nothing is lost while the central Prometheus is away, and what fails is told within its time."""

from __future__ import annotations

import copy
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.pause import SCRAPE_SECONDS, ask, measure, on_monitoring
from tests.e2e.stack import ENVIRONMENT, STATE, access, play, run
from tests.e2e.webhook import Webhook, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.stack import Stack

pytestmark = pytest.mark.soak
KUBECONFIG = str(STATE / ENVIRONMENT / "kubeconfig")
PAUSE_SECONDS = 180
CATCH_UP_SECONDS = 120
# what a rule waits (5 m of silence, then `for`), scrapes, groups, and a busy machine
ALERT_SECONDS = 600


def test_nothing_is_lost_while_the_central_prometheus_is_away(stack: Stack) -> None:
    """For three minutes here; `python -m benchmarks.pause` does the same for thirty."""
    result = measure(stack, PAUSE_SECONDS)
    assert result.counted == result.sent
    for pod, gaps in result.gaps.items():
        assert max(gaps) < 1.5 * SCRAPE_SECONDS, f"{pod}: gaps of {gaps}"
        assert len(gaps) + 1 >= PAUSE_SECONDS // SCRAPE_SECONDS


@pytest.fixture(scope="module")
def webhook(stack: Stack) -> Iterator[Webhook]:
    """Alertmanager tells a receiver on this machine, and afterwards nobody again."""
    with told() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def tunnel(webhook: Webhook) -> Iterator[None]:
    """The way to the cluster; after the webhook, whose playing opens and closes one, too."""
    with access():
        yield


def kubectl(*arguments: str, text: str = "") -> None:
    file = STATE / ENVIRONMENT / "object.json"
    file.write_text(text)
    try:
        more = ("-f", str(file)) if text else ()
        answer = run("kubectl", "--kubeconfig", KUBECONFIG, *arguments, *more, limit=120)
    finally:
        file.unlink()
    assert answer.returncode == 0, answer.stdout + answer.stderr


# A host in a container has no disk of its own that could be filled: its node_exporter tells of one, in its own words
FULL_DISK = """\
# HELP node_filesystem_avail_bytes Filesystem space available to non-root users in bytes.
# TYPE node_filesystem_avail_bytes gauge
node_filesystem_avail_bytes{device="none",device_error="",fstype="ext4",mountpoint="/made-full"} 1
# HELP node_filesystem_size_bytes Filesystem size in bytes.
# TYPE node_filesystem_size_bytes gauge
node_filesystem_size_bytes{device="none",device_error="",fstype="ext4",mountpoint="/made-full"} 1000
"""
FAILED_POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "made-to-fail", "namespace": "webapp", "labels": {"made-by": "test"}},
    "spec": {
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "none",
                "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "10m", "memory": "16Mi"}},
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    },
}


@pytest.mark.usefixtures("tunnel")
def test_a_failed_pod_a_silent_agent_and_a_full_disk_are_told(stack: Stack, webhook: Webhook) -> None:
    textfile = "/var/lib/node_exporter/textfile/made-full.prom"
    on_monitoring(stack, "sh", "-c", f"cat > {textfile} <<'END'\n{FULL_DISK}END")
    pod = copy.deepcopy(FAILED_POD)
    # of our registry, since no other one's may run, by a digest that it does not have
    pod["spec"]["containers"][0]["image"] = f"{stack.outputs['ecr_repositories']['webapp']['url']}@sha256:{'0' * 64}"
    kubectl("apply", text=json.dumps(pod))
    try:
        assert webhook.wait("PodNotReady", {"pod": "made-to-fail"}, ALERT_SECONDS), webhook.told
        kubectl("--namespace", "monitoring", "scale", "deployment/metrics-agent", "--replicas=0")
        assert webhook.wait("DiskFull", {"mountpoint": "/made-full"}, ALERT_SECONDS), webhook.told
        assert webhook.wait("AgentSilent", {}, ALERT_SECONDS), webhook.told
    finally:
        on_monitoring(stack, "rm", "-f", textfile)
        kubectl("--namespace", "monitoring", "scale", "deployment/metrics-agent", "--replicas=1")
        kubectl("--namespace", "webapp", "delete", "pod", "made-to-fail", "--ignore-not-found", "--grace-period=0")


ASK_METADATA = (
    "import urllib.request as r; "
    "r.urlopen(r.Request('http://169.254.169.254/latest/api/token', method='PUT', "
    "headers={'X-aws-ec2-metadata-token-ttl-seconds': '60'}), timeout=5)"
)


@pytest.mark.parametrize("user", ["alertmanager", "grafana", "node-exporter", "prometheus"])
def test_no_service_gets_the_credentials_of_the_host(stack: Stack, user: str) -> None:
    """Root does, so the service is there; the backup's group does, see below."""
    on_monitoring(stack, "python3", "-c", ASK_METADATA)
    with pytest.raises(AssertionError, match="Connection refused"):
        on_monitoring(stack, "runuser", "-u", user, "--", "python3", "-c", ASK_METADATA)


def test_a_backup_comes_back(stack: Stack) -> None:
    """The history of the first hour is still there after the disk was lost and restored."""
    oldest = float(ask(stack, "query", query='count_over_time(up{job="prometheus"}[2h])')[0]["value"][1])
    saved = play("backup", limit=600)
    assert saved.returncode == 0, saved.stdout[-3000:] + saved.stderr
    on_monitoring(stack, "systemctl", "stop", "prometheus")
    try:
        on_monitoring(stack, "find", "/var/lib/prometheus/data", "-mindepth", "1", "-delete")
    finally:
        on_monitoring(stack, "systemctl", "start", "prometheus")
    restored = play("restore", "-e", f"confirm={ENVIRONMENT}", limit=600)
    assert restored.returncode == 0, restored.stdout[-3000:] + restored.stderr
    deadline = time.monotonic() + CATCH_UP_SECONDS
    found = 0.0
    while found < oldest * 0.9 and time.monotonic() < deadline:
        time.sleep(3)
        answer = ask(stack, "query", query='count_over_time(up{job="prometheus"}[2h])')
        found = float(answer[0]["value"][1]) if answer else 0.0
    assert found >= oldest * 0.9
