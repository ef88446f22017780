"""Web app: how many requests each endpoint got, and how they were answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .panels import Query, board, figures, heat, lines

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.dashboard import Dashboard

RATE = "sum by (route) (rate(http_requests_total[$__rate_interval]))"
ERRORS = f'(sum by (route) (rate(http_requests_total{{status=~"5.."}}[$__rate_interval])) or 0 * {RATE})'
LATENCY = "sum by (le) (rate(http_request_duration_seconds_bucket[$__rate_interval]))"
BY_ROUTE = "sum by (route, le) (rate(http_request_duration_seconds_bucket[$__rate_interval]))"


def make() -> Dashboard:
    """Return the dashboard."""
    counts = "sum by (route) (http_requests_total)"
    return board(
        "webapp",
        "Web app: requests per endpoint",
        "Requests to the web application: how many, how fast, how well answered.",
        (5, [
            figures(
                "Requests per endpoint",
                "Requests answered since the running pods started, by route. Probes and metrics are not counted.",
                Query(counts, "{{route}}"), unit="none", decimals=0,
            ),
        ]),
        (8, [
            lines(
                "Requests per endpoint, counted up", "The same counts over time; they fall where pods are replaced.",
                Query(counts, "{{route}}"), unit="none",
            ),
            lines("Rate", "Requests a second, by route.", Query(RATE, "{{route}}"), unit="reqps"),
        ]),
        (8, [
            lines(
                "Errors", "Share of the requests that were answered by a server error (5xx), by route.",
                Query(f"{ERRORS} / ({RATE} > 0)", "{{route}}"), unit="percentunit", most=1,
            ),
            lines(
                "Answers by status", "Requests a second, by the status they were answered with.",
                Query("sum by (status) (rate(http_requests_total[$__rate_interval]))", "{{status}}"), unit="reqps",
            ),
        ]),
        (8, [
            lines(
                "Latency",
                "Time within which half, 95 % and 99 % of all requests were answered.",
                *(Query(f"histogram_quantile({q}, {LATENCY})", f"p{q * 100:g}") for q in (0.5, 0.95, 0.99)), unit="s",
            ),
            lines(
                "Latency per endpoint", "Time within which 95 % of the requests were answered, by route.",
                Query(f"histogram_quantile(0.95, {BY_ROUTE})", "{{route}}"), unit="s",
            ),
        ]),
        (8, [
            heat(
                "Latency heat map", "How many requests took how long.",
                Query("sum by (le) (increase(http_request_duration_seconds_bucket[$__rate_interval]))", "{{le}}"), unit="s",
            ),
            lines(
                "Rate by pod", "Requests a second, by pod: the load balancer shares them out.",
                Query("sum by (pod) (rate(http_requests_total[$__rate_interval]))", "{{pod}}"), unit="reqps",
            ),
        ]),
    )  # fmt: skip
