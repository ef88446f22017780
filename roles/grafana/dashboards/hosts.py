"""Hosts: what node_exporter tells of the monitoring host and the nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .panels import Query, bars, board, lines

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard

CPU = '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))'
MEMORY = "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"
DISK = 'max by (instance) (1 - node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs"} / node_filesystem_size_bytes)'
NETWORK = 'sum by (instance) (rate(node_network_{way}_bytes_total{{device!="lo"}}[$__rate_interval]))'


def make() -> Dashboard:
    """Return the dashboard."""
    return board(
        "hosts",
        "Hosts",
        "Processors, memory, disks and network of every host.",
        (8, [
            lines("CPU", "Share of all processors' time in use.", Query(CPU, "{{instance}}"), unit="percentunit", most=1),
            lines("Load", "Processes that run or wait, averaged over a minute.", Query("node_load1", "{{instance}}"), unit="none"),
        ]),
        (8, [
            lines("Memory", "Share of the memory in use.", Query(MEMORY, "{{instance}}"), unit="percentunit", most=1),
            bars("Disks", "The fullest file system of each host.", Query(DISK, "{{instance}}"), unit="percentunit", most=1),
        ]),
        (8, [
            lines("Received", "Bytes a second from the network.", Query(NETWORK.format(way="receive"), "{{instance}}"), unit="Bps"),
            lines("Sent", "Bytes a second to the network.", Query(NETWORK.format(way="transmit"), "{{instance}}"), unit="Bps"),
        ]),
    )  # fmt: skip
