"""Names of metrics, said in the code, in the guide, in alerts and on the dashboard, are the same names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.ops.dashboard import dashboard_queries
from tests.ops.places import DASHBOARD, OPERATIONS, ROOT, RULES, read_yaml

NAME = re.compile(r"\bauditor_[a-z_]+")
SUFFIXES = re.compile(r"_(bucket|count|sum)$")
"""What Prometheus makes of one histogram.

https://prometheus.io/docs/concepts/metric_types/#histogram
"""


def sources() -> Iterator[Path]:
    """The code that may make metrics."""
    yield from (ROOT / "auditor" / "telemetry").rglob("*.py")
    yield from (ROOT / "sinks").rglob("*.py")


def made() -> set[str]:
    """The metrics of the code: string literals with the prefix that is theirs alone."""
    literal = re.compile(rf'"({NAME.pattern})"')
    return {name for path in sources() for name in literal.findall(path.read_text())}


def described() -> set[str]:
    """The metrics that the guide has a line for."""
    return set(re.findall(rf"^\| `({NAME.pattern})` \|", OPERATIONS.read_text(), re.MULTILINE))


def asked() -> set[str]:
    """The metrics that alerts and dashboard ask for."""
    rules = [rule["expr"] for group in read_yaml(RULES)["groups"] for rule in group["rules"]]
    names = NAME.findall("\n".join(rules + dashboard_queries(DASHBOARD)))
    return {SUFFIXES.sub("", name) for name in names}


def test_the_guide_describes_every_metric() -> None:
    """No metric without a line, and no line without a metric."""
    assert described() == made()


def test_alerts_and_dashboard_ask_for_metrics_that_exist() -> None:
    """A name that nobody makes would be an alert that never fires."""
    assert asked() <= made()
