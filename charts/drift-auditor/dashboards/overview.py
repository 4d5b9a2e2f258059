"""Writes overview.json, the Grafana dashboard of the auditor: python overview.py > overview.json.

A panel is a title, an explanation, a place and its queries; all the rest of what Grafana stores is the
same for every panel of a kind and is said once here. No query makes up a zero where no auditor is
scraped: that would look like calm. This script refuses to know more of Grafana than
the dashboard needs: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
CLUSTER: Final = 'cluster=~"$cluster"'
CHOSEN: Final = f'{CLUSTER},severity=~"$severity"'
RED, AMBER, GREEN = "red", "orange", "green"
WIDTH: Final = 24
"""Grafana's grid has 24 columns; heights are in its rows of 30 pixels."""


@dataclass(frozen=True, slots=True)
class Query:
    """One query, and what its series are called in the legend."""

    expression: str
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel. ``steps`` are colours from a value on, the first one from minus infinity."""

    kind: str
    title: str
    description: str
    queries: tuple[Query, ...]
    unit: str = "short"
    steps: tuple[tuple[str, float | None], ...] = ((GREEN, None),)
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Panels side by side, equally wide, under a heading."""

    title: str
    height: int
    panels: tuple[Panel, ...]


def stat(title: str, description: str, expression: str, **look: Any) -> Panel:
    """One number."""
    return Panel(
        kind="stat", title=title, description=description, queries=(Query(expression),), **look
    )


def graph(title: str, description: str, *queries: Query, **look: Any) -> Panel:
    """Values over time."""
    return Panel(kind="timeseries", title=title, description=description, queries=queries, **look)


def table(title: str, description: str, expression: str) -> Panel:
    """The labels of series, and their value now."""
    return Panel(kind="table", title=title, description=description, queries=(Query(expression),))


def latency(quantile: float) -> str:
    """Ask a quantile of the time from a change to its finding."""
    buckets = "auditor_detection_latency_seconds_bucket[$__rate_interval]"
    return f"histogram_quantile({quantile}, sum by (le) (rate({buckets})))"


NOW: Final = Row(
    "Now",
    4,
    (
        stat(
            "In sync",
            "Share of audited objects that are as declared. Unknown and pending ones are not.",
            f'sum(auditor_objects{{{CLUSTER},verdict="in_sync"}}) / sum(auditor_objects{{{CLUSTER}}})',
            unit="percentunit",
            steps=((RED, None), (AMBER, 0.95), (GREEN, 1)),
        ),
        stat(
            "Open findings",
            "Findings that are open now.",
            f"sum(auditor_findings_open{{{CHOSEN}}}) or sum(auditor_objects{{{CLUSTER}}}) * 0",
            steps=((GREEN, None), (AMBER, 1)),
        ),
        stat(
            "Oldest open finding",
            "How long the oldest open finding has been open.",
            f"time() - min(auditor_oldest_open_finding_timestamp_seconds{{{CHOSEN}}} > 0)",
            unit="s",
            steps=((GREEN, None), (AMBER, 3600), (RED, 86400)),
        ),
        stat(
            "Unknown objects",
            "Objects of which nothing can be said now: neither drift nor calm.",
            f'sum(auditor_objects{{{CLUSTER},verdict="unknown"}})',
            steps=((GREEN, None), (AMBER, 1)),
        ),
        stat(
            "Sources not heard",
            "Clusters and repositories that cannot be heard: drift there is not found.",
            "sum(1 - auditor_source_up)",
            steps=((GREEN, None), (RED, 1)),
        ),
        stat(
            "Announcements waiting",
            "Transitions on record that not every sink has taken yet.",
            "sum(auditor_outbox_depth)",
            steps=((GREEN, None), (AMBER, 100), (RED, 10000)),
        ),
    ),
)

DRIFT: Final = Row(
    "Drift",
    8,
    (
        graph(
            "Open findings by severity",
            "Findings that are open, by how bad they are.",
            Query(f"sum by (severity) (auditor_findings_open{{{CHOSEN}}})", "{{severity}}"),
            stacked=True,
        ),
        graph(
            "Opened and resolved per hour",
            "What happened to findings within an hour, over all clusters.",
            Query(
                "sum by (transition) (increase(auditor_finding_transitions_total"
                '{transition=~"opened|reopened|resolved"}[1h]))',
                "{{transition}}",
            ),
        ),
        graph(
            "Objects by verdict",
            "Every audited object has one verdict.",
            Query(f"sum by (verdict) (auditor_objects{{{CLUSTER}}})", "{{verdict}}"),
            stacked=True,
        ),
    ),
)

OPEN: Final = Row(
    "Open findings",
    8,
    (
        table(
            "By cluster and check",
            "What is open now. The auditor's own page and API list the objects.",
            f"sum by (cluster, check, category, severity) (auditor_findings_open{{{CHOSEN}}}) > 0",
        ),
        table(
            "Sources",
            "Seconds since each source was last heard.",
            "time() - max by (source) (auditor_source_last_event_timestamp_seconds)",
        ),
    ),
)

SPEED: Final = Row(
    "From change to delivery",
    8,
    (
        graph(
            "Detection latency",
            "Time from a change to its finding on record.",
            Query(latency(0.5), "p50"),
            Query(latency(0.95), "p95"),
            unit="s",
        ),
        graph(
            "Sources heard",
            "1 while a source can be heard.",
            Query("min by (source) (auditor_source_up)", "{{source}}"),
        ),
        graph(
            "Outbox",
            "Announcements that wait, and names that wait to be looked at.",
            Query("sum(auditor_outbox_depth)", "announcements"),
            Query("sum(auditor_queue_depth)", "names"),
        ),
        graph(
            "Sink outcomes",
            "Announcements a second, by sink and what became of them.",
            Query(
                "sum by (sink, outcome) (rate(auditor_sink_published_total[$__rate_interval]))",
                "{{sink}} {{outcome}}",
            ),
            unit="cps",
        ),
    ),
)


def render_query(query: Query, letter: str, kind: str) -> dict[str, Any]:
    """Say a query as Grafana stores it; a table shows the present only."""
    now = {"instant": True, "range": False, "format": "table"} if kind == "table" else {}
    legend = {"legendFormat": query.legend} if query.legend else {}
    return {"refId": letter, "datasource": SOURCE, "expr": query.expression} | legend | now


def render_defaults(panel: Panel) -> dict[str, Any]:
    """Say how a panel's values look."""
    steps = [{"color": color, "value": value} for color, value in panel.steps]
    defaults: dict[str, Any] = {
        "unit": panel.unit,
        "min": 0,
        "thresholds": {"mode": "absolute", "steps": steps},
    }
    if panel.stacked:
        defaults["custom"] = {"fillOpacity": 30, "stacking": {"mode": "normal", "group": "A"}}
    return defaults


def render_options(kind: str) -> dict[str, Any]:
    """Say what a kind of panel needs beside Grafana's defaults."""
    if kind == "stat":
        return {"options": {"colorMode": "value", "reduceOptions": {"calcs": ["lastNotNull"]}}}
    if kind == "table":
        hidden = {"excludeByName": {"Time": True}}
        return {"transformations": [{"id": "organize", "options": hidden}]}
    return {"options": {"tooltip": {"mode": "multi", "sort": "desc"}}}


def render_panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    """Say a panel as Grafana stores it."""
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": render_defaults(panel), "overrides": []},
        "targets": [
            render_query(query, letter, panel.kind)
            for letter, query in zip("ABCDEF", panel.queries, strict=False)
        ],
    } | render_options(panel.kind)


def render_rows(rows: tuple[Row, ...]) -> Iterator[dict[str, Any]]:
    """Lay rows out from top to bottom, numbering panels from 1."""
    number, top = 1, 0
    for row in rows:
        heading = {"x": 0, "y": top, "w": WIDTH, "h": 1}
        yield {"id": number, "type": "row", "title": row.title, "gridPos": heading, "panels": []}
        width = WIDTH // len(row.panels)
        for place, panel in enumerate(row.panels):
            number += 1
            grid = {"x": place * width, "y": top + 1, "w": width, "h": row.height}
            yield render_panel(panel, number, grid)
        number, top = number + 1, top + 1 + row.height


def render_variable(label: str, metric: str) -> dict[str, Any]:
    """Let people choose among the values that a label has."""
    return {
        "name": label,
        "label": label.capitalize(),
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": f"label_values({metric}, {label})", "refId": label},
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "current": {"text": ["All"], "value": ["$__all"]},
        "refresh": 2,
        "sort": 1,
    }


def render_dashboard() -> dict[str, Any]:
    """Say the whole dashboard as Grafana stores it."""
    choice = {"name": "datasource", "label": "Data source", "type": "datasource"}
    return {
        "uid": "driftaudit-overview",
        "title": "Drift auditor: overview",
        "description": "What differs between Git and the clusters, and whether the auditor sees it.",
        "tags": ["drift-auditor"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [
                choice | {"query": "prometheus"},
                render_variable("cluster", "auditor_objects"),
                render_variable("severity", "auditor_findings_open"),
            ]
        },
        "panels": list(render_rows((NOW, DRIFT, OPEN, SPEED))),
    }


if __name__ == "__main__":
    json.dump(render_dashboard(), sys.stdout, indent=2)
    sys.stdout.write("\n")
