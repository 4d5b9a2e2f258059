"""Real histories: following commit by commit ends where a cold start at each commit begins."""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import threading
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pygit2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from pygit2.enums import SortMode

from auditor.domain.history import Heads
from auditor.domain.identity import ObjectRef
from auditor.ports import RenderRequest
from auditor.renderers.plain import PlainRenderer
from auditor.sources.git.declaring import Outlets
from auditor.sources.git.follower import GitFollower, Pace
from auditor.sources.git.local import LocalClone
from auditor.sources.git.repository import GitRepository, Origin
from auditor.state.desired import DesiredState
from auditor.state.revisions import Remembered
from auditor.state.roots import Root
from auditor.telemetry.git import GitEvents
from auditor.telemetry.sources import SourceEvents
from tests.builders import CLUSTER, config_map, crd, obj
from tests.doubles import FakeClock
from tests.forests import forest
from tests.git_repositories import ScriptedRepository

HISTORIES = {
    "GoogleCloudPlatform+microservices-demo": (
        "release",
        "kubernetes-manifests",
        "istio-manifests",
    ),
    "onedr0p+home-ops": ("kubernetes/apps", "kubernetes/components", "kubernetes/flux"),
    "fluxcd+flux2-kustomize-helm-example": ("apps", "clusters", "infrastructure"),
}
COMMITS = 50


class Stepwise:
    """An origin whose head is whatever commit the test says."""

    def __init__(self, folder: Path) -> None:
        self._repository = pygit2.Repository(str(folder))
        self.commit = ""

    def look(
        self, stop: threading.Event, revisions: Collection[str]
    ) -> tuple[pygit2.Repository, Heads]:
        return self._repository, Heads(commits=dict.fromkeys(revisions, self.commit))


class NoMemory:
    """A worker that never lived before."""

    async def recall(self, root: str) -> Remembered | None:
        return None

    async def keep(self, root: str, remembered: Remembered) -> None:
        pass


class Life:
    """A follower over several roots and the state that it fills."""

    def __init__(
        self, origin: Origin, paths: Sequence[str], renderer: PlainRenderer | None = None
    ) -> None:
        roots = [
            Root(name=path, repository="r", request=RenderRequest(path=path, cluster=CLUSTER))
            for path in paths
        ]
        self.desired = DesiredState(roots, scope=lambda *_: None)
        registry = CollectorRegistry()
        outlets = Outlets(
            desired=self.desired,
            revisions=NoMemory(),
            notice=lambda _: None,
            events=GitEvents(registry, SourceEvents(registry)),
        )
        repository = GitRepository("r", origin)
        clock = FakeClock()
        self._forest = forest(
            roots, {"r": repository}, {"plain": renderer or PlainRenderer()}, outlets, clock=clock
        )
        pace = Pace(clock=clock, jitter=random.Random(1))
        self.follower = GitFollower(repository, self._forest, outlets, pace)

    async def follow(self) -> bool:
        """Look once; tell whether every root rendered."""
        await self.follower.sync_once()
        return not any(self._forest.failure(root) for root in self._forest.roots)

    def declared(self) -> dict[ObjectRef, Any]:
        """All that is declared, with its place; at which commit is not part of the law."""
        manifests = (
            declaration.manifest
            for ref in self.desired.refs(CLUSTER)
            if (declaration := self.desired.declaration(ref)) and declaration.manifest
        )
        return {
            m.ref: (m.version, m.body, m.origin and (m.origin.path, m.origin.line))
            for m in manifests
        }


def clone(bundle: Path, folder: Path) -> Path:
    if shutil.which("git") is None:
        pytest.skip("no git on this machine to unpack a bundle with")
    subprocess.run(["git", "clone", "--quiet", "--bare", str(bundle), str(folder)], check=True)
    return folder


def newest_commits(folder: Path) -> list[str]:
    repository = pygit2.Repository(str(folder))
    walk = repository.walk(repository.head.target, SortMode.TOPOLOGICAL)
    walk.simplify_first_parent()
    commits = [str(commit.id) for commit, _ in zip(walk, range(COMMITS), strict=False)]
    return commits[::-1]


@pytest.mark.corpora
@pytest.mark.parametrize("name", HISTORIES)
async def test_following_a_real_history_equals_starting_cold(
    name: str, corpora: Path, tmp_path: Path
) -> None:
    """Fifty commits of real repositories: objects, bodies, files and lines."""
    folder = clone(corpora / "_history" / f"{name}.bundle", tmp_path / "clone.git")
    origin = Stepwise(folder)
    incremental = Life(origin, HISTORIES[name])
    renderer, compared = PlainRenderer(), 0
    for commit in newest_commits(folder):
        origin.commit = commit
        whole = await incremental.follow()
        cold = Life(origin, HISTORIES[name], renderer)
        assert await cold.follow() == whole
        if whole:
            compared += len(cold.declared())
            assert incremental.declared() == cold.declared(), commit

    assert compared > 100


bodies = st.one_of(
    st.builds(
        config_map, st.sampled_from("ab"), data=st.fixed_dictionaries({"k": st.sampled_from("12")})
    ),
    st.builds(
        obj, st.just("example.com/v1"), st.just("Widget"), st.sampled_from("ab"), st.just("")
    ),
    st.builds(crd, scope=st.sampled_from(["Namespaced", "Cluster"])),
)
paths = st.sampled_from(
    ["one/a.yaml", "one/b.yaml", "one/deep/c.yaml", "two/d.yaml", "elsewhere/e.yaml"]
)
commits = st.lists(
    st.dictionaries(paths, st.none() | st.just("{") | bodies, min_size=1), min_size=1, max_size=6
)


@given(commits)
def test_following_any_history_equals_starting_cold(
    tmp_path_factory: pytest.TempPathFactory, history: list[dict[str, Any]]
) -> None:
    """Whatever is written, broken, repaired, moved or removed, in whatever order."""
    folder = tmp_path_factory.mktemp("history")
    upstream = ScriptedRepository(folder / "upstream.git")
    upstream.commit({"one/keep.txt": "x", "two/keep.txt": "x"})

    async def follow() -> None:
        incremental = Life(LocalClone(upstream.folder), ("one", "two"))
        for files in history:
            upstream.commit(files)
            whole = await incremental.follow()
            cold = Life(LocalClone(upstream.folder), ("one", "two"))
            assert await cold.follow() == whole
            if whole:
                assert incremental.declared() == cold.declared()
                assert incremental.desired.kinds(CLUSTER) == cold.desired.kinds(CLUSTER)
                assert incremental.desired.objects.contested == cold.desired.objects.contested

    asyncio.run(follow())
