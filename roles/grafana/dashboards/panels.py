"""Panels as these dashboards use them: each has a unit, a description and queries to the central Prometheus."""

from __future__ import annotations

from dataclasses import dataclass

from grafana_foundation_sdk.builders import bargauge, common, dashboard, heatmap, prometheus, stat, timeseries
from grafana_foundation_sdk.models.common import BigValueGraphMode, VizOrientation
from grafana_foundation_sdk.models.dashboard import DataSourceRef, GridPos
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
WIDTH = 24  # of Grafana's grid

type PanelBuilder = bargauge.Panel | heatmap.Panel | stat.Panel | timeseries.Panel


@dataclass(frozen=True)
class Query:
    """A PromQL expression and the name of its series."""

    expression: str
    legend: str = "__auto"


def _target(query: Query, *, ref: str, instant: bool = False) -> prometheus.Dataquery:
    target = prometheus.Dataquery().datasource(SOURCE).expr(query.expression).legend_format(query.legend).ref_id(ref)
    return target.instant() if instant else target.range()


def _fill[P: PanelBuilder](panel: P, title: str, description: str, unit: str) -> P:
    panel.title(title).description(description).unit(unit).datasource(SOURCE)
    return panel


def lines(title: str, description: str, *queries: Query, unit: str, most: float | None = None) -> timeseries.Panel:
    """Draw series over time."""
    panel = _fill(timeseries.Panel(), title, description, unit).min(0).fill_opacity(10).line_width(2)
    if most is not None:
        panel.max(most)
    for ref, query in zip("ABCDEF", queries, strict=False):
        panel.with_target(_target(query, ref=ref))
    return panel


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"])


def figures(title: str, description: str, query: Query, *, unit: str, decimals: int | None = None) -> stat.Panel:
    """Show the newest value of each series as a figure."""
    panel = _fill(stat.Panel(), title, description, unit).reduce_options(_last()).graph_mode(BigValueGraphMode.NONE)
    if decimals is not None:
        panel.decimals(decimals)
    return panel.with_target(_target(query, ref="A", instant=True))


def bars(title: str, description: str, query: Query, *, unit: str, most: float | None = None) -> bargauge.Panel:
    """Show the newest value of each series as a bar."""
    panel = _fill(bargauge.Panel(), title, description, unit).min(0).reduce_options(_last())
    panel.orientation(VizOrientation.HORIZONTAL)
    if most is not None:
        panel.max(most)
    return panel.with_target(_target(query, ref="A", instant=True))


def heat(title: str, description: str, query: Query, *, unit: str) -> heatmap.Panel:
    """Draw a histogram's buckets over time."""
    panel = _fill(heatmap.Panel(), title, description, unit).calculate(calculate=False)
    return panel.with_target(_target(query, ref="A").format(PromQueryFormat.HEATMAP))


def board(uid: str, title: str, description: str, *rows: tuple[int, list[PanelBuilder]]) -> dashboard.Dashboard:
    """Return a dashboard of rows: the height of each, and panels that share its width."""
    made = dashboard.Dashboard(title).uid(uid).description(description).tags(["beacon"]).readonly()
    made.time("now-30m", "now").refresh("10s").timezone("browser")
    top = number = 0
    for height, panels in rows:
        width = WIDTH // len(panels)
        for at, panel in enumerate(panels):
            number += 1
            made.with_panel(panel.id(number).grid_pos(GridPos(h=height, w=width, x=at * width, y=top)))
        top += height
    return made
