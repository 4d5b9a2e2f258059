"""The chart, rendered by the real helm."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from tests.ops.places import CHART
from tests.stack import build

RELEASE = "drift-auditor"
NAMESPACE = "audit"
LEAST: Mapping[str, Any] = {
    "config": {
        "repositories": [{"name": "platform", "url": "https://git.example.com/platform.git"}],
        "desired": [{"repository": "platform", "path": "clusters/prod", "cluster": "this"}],
    }
}
"""What has to be said to install the chart; all the rest has a default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What helm made of the chart: text, or why there is none."""

    text: str
    error: str

    def all(self) -> list[dict[str, Any]]:
        """The objects, in helm's order."""
        assert not self.error, self.error
        return [body for body in yaml.safe_load_all(self.text) if body]

    def one(self, kind: str, suffix: str = "") -> dict[str, Any]:
        """The only object of a kind whose name ends so."""
        found = [
            body
            for body in self.all()
            if body["kind"] == kind and body["metadata"]["name"].endswith(RELEASE + suffix)
        ]
        assert len(found) == 1, f"{len(found)} of kind {kind}"
        return found[0]

    def kinds(self) -> set[str]:
        """Which kinds there are."""
        return {body["kind"] for body in self.all()}


def render(**values: Any) -> Rendered:
    """Render with these values over the least that is needed."""
    return _run("template", json.dumps({**LEAST, **values}))


def lint(**values: Any) -> Rendered:
    """Have helm look for mistakes, warnings included, with exactly these values."""
    return _run("lint", json.dumps(values))


@cache
def _run(verb: str, values: str) -> Rendered:
    """Run helm; JSON is YAML, so the values go in as they are."""
    subject = ("lint", "--strict") if verb == "lint" else ("template", RELEASE)
    done = subprocess.run(
        (build.program("helm"), *subject, CHART, f"--namespace={NAMESPACE}", "--values=-"),
        input=values,
        capture_output=True,
        text=True,
        check=False,
    )
    return Rendered(text=done.stdout, error=done.stderr if done.returncode else "")
