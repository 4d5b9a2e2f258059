"""The overview dashboard: whole, laid out, and asking what can be asked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.ops.dashboard import dashboard_queries, panels_of, read_dashboard
from tests.ops.places import DASHBOARD
from tests.stack import packages

OVERVIEW = read_dashboard(DASHBOARD)
PANELS = panels_of(OVERVIEW)
TITLES = [panel["title"] for panel in PANELS]


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    """Whether two places of Grafana's grid share a cell."""
    return (
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )


def parses(tmp_path: Path, queries: list[str]) -> subprocess.CompletedProcess[str]:
    """Ask promtool whether it can read queries, as recording rules."""
    rules = [{"record": f"query:{place}", "expr": text} for place, text in enumerate(queries)]
    file = tmp_path / "rules.yaml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    argv = (packages.locate("promtool"), "check", "rules", file)
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_it_is_what_its_script_writes() -> None:
    """Nobody edited the JSON by hand: change overview.py and run it."""
    script = DASHBOARD.with_suffix(".py")

    written = subprocess.run((sys.executable, script), capture_output=True, text=True, check=True)

    assert written.stdout == DASHBOARD.read_text()


def test_it_keeps_its_address() -> None:
    """Links to the dashboard go on working."""
    assert OVERVIEW["uid"] == "driftaudit-overview"


def test_people_choose_source_cluster_and_severity() -> None:
    """The variables are those that the queries use, and the data source is one of them."""
    names = [variable["name"] for variable in OVERVIEW["templating"]["list"]]

    assert names == ["datasource", "cluster", "severity"]


def test_panels_have_numbers_of_their_own() -> None:
    """Grafana mixes up panels that share an id."""
    numbers = Counter(panel["id"] for panel in OVERVIEW["panels"])

    assert set(numbers.values()) == {1}


def test_panels_have_places_of_their_own() -> None:
    """No panel lies on another, and none leaves the grid's 24 columns."""
    places = [panel["gridPos"] for panel in OVERVIEW["panels"]]

    assert not any(overlap(one, other) for one, other in combinations(places, 2))
    assert all(place["x"] + place["w"] <= 24 for place in places)


@pytest.mark.parametrize("panel", PANELS, ids=TITLES)
def test_every_panel_explains_itself(panel: dict[str, Any]) -> None:
    """A panel has a title, an explanation and at least one query, each with a letter of its own."""
    letters = [target["refId"] for target in panel["targets"]]

    assert panel["title"]
    assert panel["description"]
    assert letters
    assert len(letters) == len(set(letters))


@pytest.mark.parametrize("panel", PANELS, ids=TITLES)
def test_every_query_goes_to_the_chosen_source(panel: dict[str, Any]) -> None:
    """No panel is bound to one Prometheus."""
    assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}


def test_no_auditor_is_not_calm() -> None:
    """No query makes up a value where there is no series: an empty panel is noticed, a green 0 is not."""
    assert not [query for query in dashboard_queries(DASHBOARD) if "vector(" in query]


def test_every_query_can_be_read(tmp_path: Path) -> None:
    """Prometheus's own parser takes every query."""
    done = parses(tmp_path, dashboard_queries(DASHBOARD))

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_broken_query_would_be_noticed(tmp_path: Path) -> None:
    """The parser refuses what is no query, so taking one says something."""
    assert parses(tmp_path, ["sum by (cluster"]).returncode != 0


def test_a_variable_without_value_would_be_noticed(tmp_path: Path) -> None:
    """A variable that the dashboard does not have is no query."""
    target = {"expr": "up{job=$job}"}
    file = tmp_path / "dashboard.json"
    file.write_text(json.dumps({"panels": [{"type": "stat", "targets": [target]}]}))

    with pytest.raises(ValueError, match="not known"):
        dashboard_queries(file)
