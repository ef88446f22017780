"""The agent's configuration parses, and keeps what the design promises."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from tests.roles.test_rules import promtool

__all__ = ["promtool"]
ROLE = Path(__file__).parents[2] / "roles" / "metrics_agent"


ELSEWHERE = {
    "url": "https://thanos.example.org/api/v1/receive",
    "basic_auth": {"username": "beacon", "password_file": "/etc/remote-write/engine"},
}


@pytest.fixture(scope="module")
def text() -> str:
    return rendered()


def rendered(**more: Any) -> str:
    variables: dict[str, Any] = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    variables |= yaml.safe_load((ROLE / "vars/main.yml").read_text())
    given = {
        "metrics_agent_cluster": "beacon-test",
        "metrics_agent_environment": "test",
        "metrics_agent_remote_write_url": "https://10.0.0.1:9090/api/v1/write",
        **more,
    }
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    environment.filters["to_json"] = json.dumps
    return environment.from_string((ROLE / "templates/prometheus.yml.j2").read_text()).render({**variables, **given})


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"metrics_agent_replicas": 2, "metrics_agent_remote_write": [ELSEWHERE]},
        {"metrics_agent_remote_write_url": "", "metrics_agent_remote_write": [ELSEWHERE, ELSEWHERE | {"name": "b"}]},
    ],
)
def test_promtool_takes_it(promtool: Path, more: dict[str, Any], tmp_path: Path) -> None:
    text = rendered(**more)
    urls = [endpoint["url"] for endpoint in yaml.safe_load(text)["remote_write"]]
    assert urls.count(ELSEWHERE["url"]) == len(more.get("metrics_agent_remote_write", []))
    (tmp_path / "prometheus.yml").write_text(text)
    command: list[str | Path] = [promtool, "check", "config", "--agent", "--syntax-only", "prometheus.yml"]
    ran = subprocess.run(command, check=False, cwd=tmp_path, text=True, capture_output=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_replicas_are_told_apart_but_by_the_central_prometheus() -> None:
    configuration = yaml.safe_load(rendered(metrics_agent_replicas=2, metrics_agent_remote_write=[ELSEWHERE]))
    assert configuration["global"]["external_labels"]["replica"] == "${POD_NAME}"
    central, elsewhere = configuration["remote_write"]
    assert central["write_relabel_configs"] == [{"regex": "replica", "action": "labeldrop"}]
    assert "write_relabel_configs" not in elsewhere


def test_late_time_stamps_of_containers_are_not_trusted(text: str) -> None:
    jobs = {job["job_name"]: job for job in yaml.safe_load(text)["scrape_configs"]}
    assert jobs["cadvisor"]["honor_timestamps"] is False
    assert {"pods", "coredns", "node-exporter", "kube-state-metrics", "kubelet", "cadvisor", "api-server"} == set(jobs)


def test_no_label_of_a_pod_is_taken_over_but_its_name(text: str) -> None:
    configuration = yaml.safe_load(text)
    assert configuration["global"]["external_labels"] == {"cluster": "beacon-test", "environment": "test"}
    steps = [step for job in configuration["scrape_configs"] for step in job.get("relabel_configs", [])]
    assert not [step for step in steps if step.get("action") in {"labelmap", "labeldrop", "labelkeep"}]
    kept = {step["target_label"] for step in steps if "target_label" in step}
    assert {label for label in kept if not label.startswith("__")} == {"namespace", "pod", "node", "app"}


def test_a_pod_can_not_fill_the_agent(text: str) -> None:
    (pods,) = (job for job in yaml.safe_load(text)["scrape_configs"] if job["job_name"] == "pods")
    assert pods["sample_limit"] == 5000
    assert {"label_limit", "label_value_length_limit", "body_size_limit"} <= pods.keys()
