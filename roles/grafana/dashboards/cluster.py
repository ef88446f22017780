"""Cluster: nodes, pods and what they use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .panels import Query, board, figures, lines

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard

CPU = 'sum by (namespace) (rate(container_cpu_usage_seconds_total{container!=""}[$__rate_interval]))'
MEMORY = 'sum by (namespace) (container_memory_working_set_bytes{container!=""})'


def make() -> Dashboard:
    """Return the dashboard."""
    return board(
        "cluster",
        "Cluster",
        "The nodes and pods of the cluster.",
        (4, [
            figures(
                "Nodes ready", "Nodes whose condition Ready is true.",
                Query('sum(kube_node_status_condition{condition="Ready",status="true"})', "nodes"), unit="none", decimals=0,
            ),
            figures(
                "Pods", "Pods by phase.", Query("sum by (phase) (kube_pod_status_phase) > 0", "{{phase}}"),
                unit="none", decimals=0,
            ),
            figures(
                "Replicas missing", "Replicas that deployments want and don't have.",
                Query("sum(kube_deployment_status_replicas_unavailable)", "replicas"), unit="none", decimals=0,
            ),
        ]),
        (8, [
            lines("CPU by namespace", "Cores in use.", Query(CPU, "{{namespace}}"), unit="none"),
            lines("Memory by namespace", "Working set of all containers.", Query(MEMORY, "{{namespace}}"), unit="bytes"),
        ]),
        (8, [
            lines(
                "Restarts", "Containers restarted within an hour, by namespace.",
                Query("sum by (namespace) (increase(kube_pod_container_status_restarts_total[1h]))", "{{namespace}}"), unit="none",
            ),
            lines(
                "API server", "Requests a second to the API, by status.",
                Query("sum by (code) (rate(apiserver_request_total[$__rate_interval]))", "{{code}}"), unit="reqps",
            ),
        ]),
    )  # fmt: skip
