"""Pipeline: the way of the samples from the targets through the agent to the central Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .panels import Query, board, figures, lines

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard

LAG = "prometheus_remote_storage_queue_highest_timestamp_seconds - prometheus_remote_storage_queue_highest_sent_timestamp_seconds"
LOST = "sum by (instance) (rate(prometheus_remote_storage_samples_{how}_total[$__rate_interval]))"


def make() -> Dashboard:
    """Return the dashboard."""
    return board(
        "pipeline",
        "Pipeline",
        "From scrape to storage: whether every sample arrives, and how late.",
        (5, [
            figures("Targets up", "Targets that answered their newest scrape, by job.",
                    Query("sum by (job) (up)", "{{job}}"), unit="none", decimals=0),
            figures("Series", "Series in the central Prometheus's head.",
                    Query('prometheus_tsdb_head_series{job="prometheus"}', "series"), unit="short"),
            figures("Alerts firing", "Alerts that fire now, without the watchdog, which always does; Alertmanager tells who is to be told.",
                    Query('count(ALERTS{alertstate="firing",alertname!="Watchdog"}) or vector(0)', "alerts"), unit="none", decimals=0),
        ]),
        (8, [
            lines("Agent lag", "How far the newest sample sent is behind the newest one scraped.",
                  Query(LAG, "{{instance}}"), unit="s"),
            lines("Shards", "Senders that the agent works with: more of them mean that it catches up.",
                  Query("prometheus_remote_storage_shards", "{{instance}}"), unit="none"),
        ]),
        (8, [
            lines("Waiting", "Samples in the agent's queue.",
                  Query("prometheus_remote_storage_samples_pending", "{{instance}}"), unit="short"),
            lines("Lost or retried", "Samples a second that were given up, refused, or sent again.",
                  Query(LOST.format(how="dropped"), "dropped {{instance}}"),
                  Query(LOST.format(how="failed"), "failed {{instance}}"),
                  Query(LOST.format(how="retried"), "retried {{instance}}"), unit="none"),
        ]),
        (8, [
            lines("Receiver", "Samples a second that the central Prometheus stores.",
                  Query('sum(rate(prometheus_tsdb_head_samples_appended_total{job="prometheus"}[$__rate_interval]))', "stored"),
                  unit="none"),
            lines("Scrape duration", "Longest scrape of each job.",
                  Query("max by (job) (scrape_duration_seconds)", "{{job}}"), unit="s"),
        ]),
    )  # fmt: skip
