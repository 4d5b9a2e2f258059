"""Desired and live as Argo CD recorded them for its own diff library, upstream's expectation beside ours.

Upstream asks whether applying Git would change anything; we ask whether the cluster differs from Git, so
the two disagree where something was added. Each disagreement is explained in its case. The recordings
are Argo CD's (Apache-2.0), ``gitops-engine/pkg/diff/testdata``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.domain.identity import GroupVersionKind
from tests.comparators.pairs import BUILT_IN, told

_NGINX = "spec.template.spec.containers[name=nginx]"
_MAIN = "spec.template.spec.containers[name=main-container]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One recording: what upstream's test calls it (``modified``) and what we say."""

    name: str
    suffix: str = "json"
    modified: bool = False
    said: tuple[str, ...] = ()
    why: str = "we agree"


RECORDINGS = (
    Recorded(name="aggr-clusterrole"),
    Recorded(name="elasticsearch"),
    Recorded(name="grafana-clusterrole"),
    Recorded(name="sealedsecret"),
    Recorded(name="spinnaker-sa"),
    Recorded(name="wordpress"),
    Recorded(
        name="ssd-deploy-composite-key",
        suffix="yaml",
        modified=True,
        said=(f"{_NGINX}.ports[containerPort=8080,protocol=TCP] removed",),
    ),
    Recorded(
        name="smd-deploy2",
        suffix="yaml",
        modified=True,
        said=(
            f"{_NGINX}.ports[containerPort=8080,protocol=TCP] added",
            f"{_NGINX}.resources.requests.cpu added by argocd-controller",
            f"{_NGINX}.resources.requests.memory added by argocd-controller",
        ),
        why="upstream predicts two ports and drops the port that nobody owns without a word; the"
        " requests are residue for both, and we say whose",
    ),
    Recorded(
        name="ssd-deploy-with-manual-apply",
        suffix="yaml",
        modified=True,
        said=(
            "spec.template.spec.containers[name=idle] added by kubectl-client-side-apply",
            f"{_MAIN}.ports[containerPort=40,protocol=TCP] removed",
        ),
        why="upstream reports the missing port alone: the container that somebody applied by hand"
        " would survive a sync, so to it that is no difference",
    ),
)


@pytest.mark.corpora
@pytest.mark.parametrize("recorded", RECORDINGS, ids=lambda recorded: recorded.name)
def test_a_recorded_pair_is_judged_as_we_say(recorded: Recorded, corpora: Path) -> None:
    """Whatever upstream calls modified we report too; we may have more to say, and then say why."""
    desired, actual = (
        _read(corpora, f"{recorded.name}-{side}.{recorded.suffix}") for side in ("config", "live")
    )
    schema = BUILT_IN.schema_for(_current(desired))

    said = tuple(sorted(told(desired, actual, schema=schema)))

    assert said == recorded.said
    assert bool(said) is recorded.modified


@pytest.mark.corpora
def test_an_edit_of_a_recorded_pair_is_seen(corpora: Path) -> None:
    """Upstream changes labels of the recorded StatefulSet: one is gone, one is new, one is another."""
    desired, actual = (_read(corpora, f"elasticsearch-{side}.json") for side in ("config", "live"))
    labels = actual["metadata"]["labels"]
    gone, other = sorted(name for name in desired["metadata"]["labels"])[:2]
    del labels[gone]
    labels[other] = "other"
    labels["new"] = "x"

    said = told(desired, actual, schema=BUILT_IN.schema_for(_current(desired)))

    assert sorted(line.rpartition(" ")[2] for line in said) == ["added", "changed", "removed"]


def _read(corpora: Path, name: str) -> dict[str, Any]:
    folder = corpora / "argoproj+argo-cd" / "gitops-engine" / "pkg" / "diff" / "testdata"
    body: dict[str, Any] = yaml.safe_load((folder / name).read_text(encoding="utf-8"))
    return body


def _current(body: dict[str, Any]) -> GroupVersionKind:
    """The kind in the version that lives on: a recording may be older than ``apps/v1``."""
    gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
    return GroupVersionKind(gvk.group, "v1", gvk.kind) if gvk.group == "apps" else gvk
