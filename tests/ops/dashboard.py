"""The queries of a Grafana dashboard, as Prometheus gets them.

Grafana puts the values of variables into a query before it sends it; so does this.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

# What Grafana sends while "All" is chosen and panels are a quarter of an hour wide.
_VALUES = {
    "$__rate_interval": "1m",
    "$__interval": "15s",
    "$__range": "15m",
    "$cluster": ".*",
    "$severity": ".*",
}


def read_dashboard(path: Path) -> dict[str, Any]:
    """Read a dashboard."""
    dashboard: dict[str, Any] = json.loads(path.read_text())
    return dashboard


def panels_of(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """The panels that show something: all but the headings."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def dashboard_queries(path: Path) -> list[str]:
    """Every query of every panel, with the variables put in.

    Raises:
        ValueError: a query uses a variable that is not known here.

    """
    return [
        _put_in_values(target["expr"])
        for panel in panels_of(read_dashboard(path))
        for target in panel["targets"]
    ]


def _put_in_values(expression: str) -> str:
    for variable, value in _VALUES.items():
        expression = re.sub(rf"{re.escape(variable)}\b", value, expression)
    if "$" in expression:
        raise ValueError(f"a variable that is not known here: {expression}")
    return expression
