"""Argo CD's own examples yield the Applications that its documentation states.

Each golden file holds one example: what it yields, and why by the documentation that it names. The clusters
are two made-up ones; what is at https://github.com/argoproj/argo-cd.git is what is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.domain.gitops.applicationset import read_application_set
from auditor.domain.gitops.branch import Branch, DeadEnd
from auditor.domain.manifest import Origin, manifest_from
from auditor.errors import ManifestError
from auditor.ports import Rendering
from auditor.renderers.applicationset.renderer import ApplicationSetRenderer
from auditor.renderers.documents import Found, read_objects
from auditor.sources.git.directory import DirectoryTree
from tests.auditor.renderers.applicationset.sets import Around, cluster, joined, request_of
from tests.builders import CLUSTER

pytestmark = [pytest.mark.corpora, pytest.mark.usefixtures("gotemplate")]

GOLDENS = Path(__file__).parent / "goldens"
ARGO_CD = "https://github.com/argoproj/argo-cd.git"
CLUSTERS = (
    cluster("engineering-dev", "https://1.2.3.4", environment="dev", staging="true"),
    cluster("engineering-prod", "https://2.4.6.8", environment="prod", staging="false"),
)


def goldens() -> Iterator[Any]:
    """All golden files."""
    for file in sorted(GOLDENS.glob("*.yaml")):
        golden = yaml.safe_load(file.read_text())
        yield pytest.param(golden, id=golden["example"])


def application_sets(file: Path) -> Iterator[Found]:
    """The ApplicationSets of a file; what is no YAML (a chart's template) has none."""
    try:
        parts = list(read_objects(file.read_bytes(), str(file)))
    except ManifestError:
        return
    for part in parts:
        if isinstance(part, Found) and part.body["kind"] == "ApplicationSet":
            yield part


class Example:
    """One example, read."""

    def __init__(self, corpora: Path, golden: dict[str, Any]) -> None:
        repository = corpora / "argoproj+argo-cd"
        path = f"applicationset/examples/{golden['example']}"
        (found,) = application_sets(repository / path)
        found.body["metadata"].setdefault("namespace", "argocd")
        self.origin = Origin(repository="argo-cd", revision="", path=path, line=found.line)
        self.tree = DirectoryTree(repository, name="argo-cd")
        manifest = manifest_from(found.body, cluster=CLUSTER, origin=self.origin)
        self.calls = list(read_application_set(manifest, Around(*CLUSTERS)))

    @property
    def branch(self) -> Branch:
        (found,) = (each for each in self.calls if isinstance(each, Branch))
        return found

    async def render(self) -> Rendering:
        tree = joined(self.branch, {"": self.tree, ARGO_CD: self.tree})
        return await ApplicationSetRenderer().render(tree, request_of(self.branch))


@pytest.mark.parametrize("golden", list(goldens()))
async def test_an_example_yields_what_is_documented(golden: dict[str, Any], corpora: Path) -> None:
    """Its Applications, or by name what of it cannot be known."""
    example = Example(corpora, golden)
    unknown = [each.reason for each in example.calls if isinstance(each, DeadEnd)]

    assert golden["why"]
    assert all(page.startswith("https://") for page in golden["documentation"])
    assert len(unknown) == len(golden.get("unknown", ()))
    assert all(part in told for part, told in zip(golden.get("unknown", ()), unknown, strict=True))
    if "absent" in golden:
        assert golden["absent"] in {mount.url for mount in example.branch.files}
    elif "refused" in golden:
        with pytest.raises(ManifestError, match=golden["refused"]) as refused:
            await example.render()
        assert refused.value.path == example.origin.path
    elif "applications" in golden:
        check(await example.render(), golden, example.origin)


def check(rendering: Rendering, golden: dict[str, Any], origin: Origin) -> None:
    """Hold what was rendered against a golden file."""
    made = sorted((each.body for each in rendering.manifests), key=lambda b: b["metadata"]["name"])

    head = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"}
    assert made == [head | each for each in golden["applications"]]
    assert {each.origin for each in rendering.manifests} == {origin}
    assert rendering.skipped == ()
    assert len(rendering.remarks) == golden.get("remarks", 0)


def test_no_example_is_without_golden(corpora: Path) -> None:
    """Every ApplicationSet among the examples is held against one."""
    folder = corpora / "argoproj+argo-cd" / "applicationset" / "examples"
    found = {
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*.yaml")
        if any(application_sets(file))
    }

    assert found == {each.values[0]["example"] for each in goldens()}
    assert len(found) >= 45
