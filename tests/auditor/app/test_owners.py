"""What owners in Git say is honoured by the whole graph."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from auditor.app.graph import Graph
from auditor.app.scan import Audit, once
from auditor.config.loading import load
from auditor.domain.finding import Verdict
from auditor.domain.identity import GroupVersionKind
from auditor.state.actual_kind import EVERYWHERE
from tests.builders import deployment, live, ref
from tests.doubles import START

_CONFIGURATION = """\
apiVersion: auditor/v1
clusters:     [{name: prod, kubeconfig: kubeconfig}]
repositories: [{name: platform, url: platform}]
desired:      [{repository: platform, cluster: prod, renderer: plain}]
store:        {path: ledger.db, cache: cache}
"""
_KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: prod
clusters: [{name: prod, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: me, user: {}}]
contexts: [{name: prod, context: {cluster: prod, user: me}}]
"""
_APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  ignoreDifferences:
    - {group: apps, kind: Deployment, jsonPointers: [/spec/replicas]}
"""
_GIT = ("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com")


class Place:
    """A repository with an Application and a Deployment that is tracked by it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "auditor.yaml").write_text(_CONFIGURATION)
        (folder / "kubeconfig").write_text(_KUBECONFIG)
        (folder / "platform").mkdir()
        self._git("init", "--quiet", "--initial-branch=main")
        self.commit("web.json", msgspec.json.encode(deployment()).decode())
        self.commit("application.yaml", _APPLICATION)

    def commit(self, name: str, text: str) -> None:
        (self.folder / "platform" / name).write_text(text)
        self._git("add", "--all")
        self._git("commit", "-qm", f"Write {name}")

    def _git(self, *arguments: str) -> None:
        subprocess.run((*_GIT, *arguments), cwd=self.folder / "platform", check=True)

    @asynccontextmanager
    async def audit(self) -> AsyncIterator[Audit]:
        """The whole graph, with Git read and the Deployment living in five replicas."""
        async with once(load(self.folder / "auditor.yaml")) as audit:
            await audit.graph.git.followers["platform"].sync_once()
            kind = audit.graph.clusters["prod"].state.actual.kind(
                GroupVersionKind("apps", "v1", "Deployment")
            )
            kind.standings.settle(EVERYWHERE, None, START)
            marks = {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}
            body = live(deployment(replicas=5), annotations=marks).body
            kind.put("shop", "web", resource_version="1", raw=msgspec.json.encode(body))
            yield audit


async def work_off(graph: Graph) -> None:
    """Look at everything that waits."""
    while not graph.queue.idle:
        await graph.worker.step()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


async def test_a_declared_application_hides_what_it_names(place: Place) -> None:
    """In an object that carries its mark, and the rule is told."""
    async with place.audit() as audit:
        outcome = audit.graph.judging.outcome(ref(), at=audit.now())

    assert [hidden.rule for hidden in outcome.suppressed if hidden.difference] == ["argocd/shop#1"]
    assert "spec.replicas" not in {str(d.path) for f in outcome.findings for d in f.differences}


async def test_everything_is_looked_at_again_when_an_owner_changes_its_mind(place: Place) -> None:
    """Nobody else would notice: the objects themselves did not change."""
    async with place.audit() as audit:
        graph = audit.graph
        graph.tick()
        await work_off(graph)
        place.commit("application.yaml", _APPLICATION.partition("spec:")[0])
        await graph.git.followers["platform"].sync_once()
        graph.tick()

        await work_off(graph)
        outcome = graph.judging.outcome(ref(), at=audit.now())

        assert graph.knowledge.suppressions.count("argocd/shop#1") == 0
        assert outcome.verdict is Verdict.DRIFTED
        assert outcome.suppressed == ()
        found = graph.knowledge.ledger.open_findings()
        assert ref() in {tracked.finding.ref for tracked in found}
