"""Whether a chart may ask what the cluster is, wherever it says so."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from typing import Any

import pytest

from auditor.renderers.chart_store import Archive
from auditor.renderers.charts import select_chart
from auditor.renderers.helm_inputs import HelmSubject
from auditor.renderers.helm_options import HelmOptions
from auditor.renderers.questions import asks_of_cluster
from auditor.renderers.workspace import Selection
from tests.auditor.renderers.chart_server import TEMPLATE, pack
from tests.auditor.renderers.folders import Content, folder

ASKING = TEMPLATE + '  kube: "{{ $.Capabilities.KubeVersion }}"\n'
CHART: dict[str, Content] = {
    "app/Chart.yaml": {"apiVersion": "v2", "name": "web", "version": "1.0.0"},
    "app/templates/settings.yaml": TEMPLATE,
}


def asks(more: Mapping[str, Content] | None = None, **options: Any) -> bool:
    """Ask of a chart in a repository."""
    chart = select_chart(folder({**CHART, **(more or {})}), "app")
    subject = HelmSubject(chart=chart, selection=chart.selection)
    return asks_of_cluster(subject, HelmOptions.model_validate(options))


def asks_fetched(content: bytes) -> bool:
    """Ask of a chart that was fetched."""
    archive = Archive(content=content, digest="sha256:1")
    subject = HelmSubject(
        chart=None, selection=Selection(folder({})), archives={"chart.tgz": archive}
    )
    return asks_of_cluster(subject, HelmOptions())


def test_a_chart_that_does_not_ask_is_the_same_everywhere() -> None:
    """Whether it lies in the repository or was fetched."""
    assert not asks()
    assert not asks_fetched(pack("web", "1.0.0"))


@pytest.mark.parametrize(
    "more",
    [
        {"app/templates/settings.yaml": ASKING},
        {"app/Chart.yaml": {"name": "web", "version": "1.0.0", "kubeVersion": ">=1.30"}},
        {"app/charts/lib/Chart.yaml": "name: lib", "app/charts/lib/templates/_x.tpl": ASKING},
        {"app/charts/lib-1.0.0.tgz": pack("lib", "1.0.0", **{"templates/_x.tpl": ASKING})},
    ],
)
def test_a_chart_that_asks_is_found_out(more: Mapping[str, Content]) -> None:
    """In its templates, in what it is, and in its dependencies, packed or not."""
    assert asks(more)


@pytest.mark.parametrize(
    "options",
    [
        {"values": {"note": "{{ .Capabilities.HelmVersion }}"}},
        {"valuesDocuments": ["note: '{{ .Capabilities.HelmVersion }}'"]},
        {"parameters": [{"name": "note", "value": "{{ .Capabilities.HelmVersion }}"}]},
    ],
)
def test_values_may_ask(options: Mapping[str, Any]) -> None:
    """A chart may take a value for a template."""
    assert asks(**options)


def test_a_fetched_chart_that_asks_is_found_out() -> None:
    """Without unpacking it to disk."""
    assert asks_fetched(pack("web", "1.0.0", **{"templates/settings.yaml": ASKING}))


@pytest.mark.parametrize("cut", range(16))
def test_a_word_is_found_wherever_the_pieces_part(cut: int) -> None:
    """Archives are looked through piece by piece, and the word may stand across two."""
    filler = "#" * (2**20 - 1536 - cut)

    assert asks_fetched(pack("web", "1.0.0", **{"templates/a.yaml": filler + ASKING}))


@pytest.mark.parametrize(
    "content",
    [
        b"no archive",
        pack("web", "1.0.0")[:-20],
        pack("web", "1.0.0", **{"templates/a.txt": "x" * (65 * 2**20)}),
        pack("web", "1.0.0", **{"charts/inner-1.0.0.tgz": "packed once more"}),
    ],
    ids=["no archive", "cut off", "a bomb", "packed twice"],
)
def test_what_cannot_be_looked_through_counts_as_asking(content: bytes) -> None:
    """Rendering once too often is better than too seldom."""
    assert asks_fetched(content)


def test_packed_charts_are_built_as_helm_packs_them() -> None:
    """Else nothing of the above would prove anything."""
    with tarfile.open(fileobj=io.BytesIO(pack("web", "1.0.0")), mode="r:gz") as archive:
        assert "web/Chart.yaml" in archive.getnames()
