"""Following a repository: what is declared keeps up with Git, whatever happens to either."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest
from auditor.errors import SourceUnavailable
from auditor.ports import Rendering, RenderRequest, Tree
from auditor.renderers.plain import PlainRenderer
from auditor.sources.git.declaring import Outlets
from auditor.sources.git.follower import STALE_AFTER, GitFollower, Pace
from auditor.sources.git.local import LocalClone
from auditor.sources.git.repository import GitRepository
from auditor.state.desired import DesiredState
from auditor.state.revisions import SqliteRevisions
from auditor.state.roots import Root
from auditor.telemetry.git import GitEvents
from auditor.telemetry.sources import SourceEvents
from tests.builders import CLUSTER, config_map, deployment, ref, secret, service
from tests.doubles import START, FakeClock
from tests.forests import forest
from tests.git_repositories import ScriptedRepository

WEB = ref()
POLL = 30.0
JITTER = random.Random(1)


def root(path: str) -> Root:
    return Root(name=path, repository="platform", request=RenderRequest(path=path, cluster=CLUSTER))


class CountingRenderer:
    """The real renderer, with a list of what it rendered."""

    def __init__(self) -> None:
        self.rendered: list[str] = []
        self._plain = PlainRenderer()

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        self.rendered.append(request.path)
        return await self._plain.render(tree, request)


@dataclass
class Worker:
    """One life of a worker: a follower with a fresh desired state, on what survives a restart."""

    folder: Path
    memory: Path
    roots: tuple[Root, ...] = (root("apps"),)
    clock: FakeClock = field(default_factory=lambda: FakeClock(START + timedelta(hours=1)))
    noticed: list[frozenset[ObjectRef]] = field(default_factory=list)
    renderer: CountingRenderer = field(default_factory=CountingRenderer)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self.desired = DesiredState(self.roots, scope=lambda *_: None)
        outlets = Outlets(
            desired=self.desired,
            revisions=SqliteRevisions(self.memory),
            notice=self.notice,
            events=GitEvents(self.registry, SourceEvents(self.registry)),
        )
        repository = GitRepository("platform", LocalClone(self.folder, ref="main"))
        pace = Pace(clock=self.clock, jitter=JITTER, poll=POLL)
        self.forest = forest(
            self.roots,
            {"platform": repository},
            {"plain": self.renderer},
            outlets,
            clock=self.clock,
        )
        self.follower = GitFollower(repository, self.forest, outlets, pace)

    def notice(self, refs: Iterable[ObjectRef]) -> None:
        self.noticed.append(frozenset(refs))

    async def look(self) -> None:
        """Look once."""
        self.noticed.clear()
        self.renderer.rendered.clear()
        await self.follower.sync_once()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let it run until it sleeps for the first time, and stop it in the end."""
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.follower.run())
            await self.clock.asleep()
            yield
            task.cancel()

    def manifest(self, wanted: ObjectRef = WEB) -> Manifest | None:
        declaration = self.desired.declaration(wanted)
        return declaration.manifest if declaration else None

    def stale(self, name: str = "apps") -> str:
        return self.desired.roots[name].stale_reason

    def metric(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


@pytest.fixture
def worker(upstream: ScriptedRepository, tmp_path: Path) -> Worker:
    return Worker(upstream.folder, tmp_path / "memory.db")


def image(manifest: Manifest | None) -> str:
    assert manifest
    found: str = manifest.body["spec"]["template"]["spec"]["containers"][0]["image"]
    return found


class TestFollowing:
    async def test_the_first_look_declares_everything(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """With the place in Git, as of the commit's time."""
        commit = upstream.commit({"apps/web.yaml": deployment(), "other/x.yaml": service()})

        await worker.look()

        declaration = worker.desired.declaration(WEB)
        assert declaration
        assert declaration.manifest
        assert declaration.manifest.origin
        assert declaration.manifest.origin.revision == commit
        assert declaration.since == START
        assert worker.noticed == [{WEB}]
        assert worker.desired.roots.complete(CLUSTER)

    async def test_a_commit_is_noticed_by_what_it_changed(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """Only the touched objects are looked at."""
        upstream.commit({"apps/web.yaml": deployment(), "apps/service.yaml": service()})
        await worker.look()
        upstream.commit({"apps/web.yaml": deployment(image="web:1.5")})

        await worker.look()

        assert worker.noticed == [{WEB}]
        assert image(worker.manifest()) == "web:1.5"

    async def test_an_untouched_root_is_not_rendered(
        self, upstream: ScriptedRepository, tmp_path: Path
    ) -> None:
        """And still counts as being at the new commit."""
        worker = Worker(upstream.folder, tmp_path / "m.db", roots=(root("apps"), root("infra")))
        upstream.commit({"apps/web.yaml": deployment(), "infra/s.yaml": service()})
        await worker.look()
        commit = upstream.commit({"apps/web.yaml": deployment(image="web:1.5"), "README.md": "x"})

        await worker.look()

        assert worker.renderer.rendered == ["apps"]
        assert worker.desired.roots["infra"].revision == commit

    async def test_a_look_without_news_renders_nothing(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """Polling is cheap."""
        upstream.commit({"apps/web.yaml": deployment()})
        await worker.look()

        await worker.look()

        assert (worker.renderer.rendered, worker.noticed) == ([], [])

    async def test_a_forced_push_is_followed(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """What the new history does not have is declared no more."""
        upstream.commit({"apps/web.yaml": deployment(), "apps/s.yaml": service()})
        await worker.look()
        upstream.rewrite({"apps/web.yaml": deployment()})

        await worker.look()

        assert worker.noticed == [{ref("Service", group="")}]

    async def test_a_commit_counts_from_when_the_branch_had_it(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """A commit that is merged days after it was made is not days late."""
        upstream.commit({"apps/web.yaml": deployment()})
        await worker.look()
        looked = worker.clock.now()
        worker.clock.advance(POLL)
        upstream.commit({"apps/web.yaml": deployment(image="web:1.5")}, at=START)

        await worker.look()

        declaration = worker.desired.declaration(WEB)
        assert declaration
        assert declaration.since == looked

    async def test_a_commit_from_the_future_counts_from_now(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """Clocks of committers go wrong."""
        upstream.commit({"apps/web.yaml": deployment()}, at=START + timedelta(days=400))

        await worker.look()

        declaration = worker.desired.declaration(WEB)
        assert declaration
        assert declaration.since == worker.clock.now()


class TestBrokenContent:
    async def test_a_root_that_breaks_keeps_its_last_good_declarations(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """It is stale, with file, line and remedy, and counted."""
        upstream.commit({"apps/web.yaml": deployment()})
        await worker.look()
        upstream.commit({"apps/web.yaml": "a: b\n\tc: d\n"})

        await worker.look()

        assert image(worker.manifest()) == "web:1.4"
        assert worker.stale().startswith("apps/web.yaml:2: ")
        assert worker.metric("auditor_root_stale", root="apps") == 1
        assert worker.metric("auditor_renders_total", root="apps", outcome="failed") == 1

    async def test_other_roots_go_on(self, upstream: ScriptedRepository, tmp_path: Path) -> None:
        """One broken folder is no reason to be blind to the others."""
        worker = Worker(upstream.folder, tmp_path / "m.db", roots=(root("broken"), root("apps")))
        upstream.commit({"broken/x.yaml": "{", "apps/web.yaml": deployment()})

        await worker.look()

        assert worker.manifest()
        assert not worker.desired.roots.complete(CLUSTER)
        assert (bool(worker.stale("broken")), worker.stale("apps")) == (True, "")

    async def test_a_repaired_root_is_fresh_again(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """As soon as a commit repairs it, wherever the repair is."""
        upstream.commit({"apps/web.yaml": "{"})
        await worker.look()
        upstream.commit({"apps/web.yaml": deployment()})

        await worker.look()

        assert worker.stale() == ""
        assert worker.manifest()
        assert worker.metric("auditor_root_stale", root="apps") == 0

    async def test_a_broken_root_stays_stale_while_others_move(
        self, upstream: ScriptedRepository, tmp_path: Path
    ) -> None:
        """No later commit elsewhere makes it look healthy."""
        worker = Worker(upstream.folder, tmp_path / "m.db", roots=(root("broken"), root("apps")))
        upstream.commit({"broken/x.yaml": "{", "apps/web.yaml": deployment()})
        await worker.look()
        upstream.commit({"apps/web.yaml": deployment(image="web:1.5")})

        await worker.look()

        assert worker.stale("broken")
        assert image(worker.manifest()) == "web:1.5"

    async def test_a_vanished_folder_is_broken_not_empty(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """Renaming a folder deletes nothing."""
        upstream.commit({"apps/web.yaml": deployment()})
        await worker.look()
        upstream.commit({"apps/web.yaml": None, "app/web.yaml": deployment()})

        await worker.look()

        assert worker.manifest()
        assert "did you mean app?" in worker.stale()


class TestUnreachable:
    async def test_declarations_stay_and_become_stale(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """After several polls without an answer, not at the first."""
        upstream.commit({"apps/web.yaml": deployment()})
        async with worker.running():
            upstream.git.references.delete("refs/heads/main")
            worker.clock.advance(POLL * 1.2)
            await worker.clock.asleep()
            early = worker.stale()
            while not worker.stale():
                worker.clock.advance(POLL * STALE_AFTER)
                await worker.clock.asleep()

        assert early == ""
        assert "no branch or tag 'main'" in worker.stale() or "is empty" in worker.stale()
        assert worker.manifest()
        assert worker.metric("auditor_source_up", source="repository/platform") == 0

    async def test_it_recovers_by_itself(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """The next good look makes everything fresh."""
        upstream.commit({"apps/web.yaml": deployment()})
        async with worker.running():
            upstream.git.references.delete("refs/heads/main")
            for _ in range(STALE_AFTER):
                worker.clock.advance(POLL * STALE_AFTER)
                await worker.clock.asleep()
            upstream.commit({"apps/web.yaml": deployment(image="web:1.5")})
            worker.clock.advance(POLL * 20)
            await worker.clock.asleep()

        assert worker.stale() == ""
        assert image(worker.manifest()) == "web:1.5"
        assert worker.metric("auditor_source_up", source="repository/platform") == 1

    async def test_a_repository_never_reached_says_why(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """Readiness has a reason to show from the first failure on."""
        async with worker.running():
            pass

        assert "is empty" in worker.stale()
        assert not worker.desired.roots.complete(CLUSTER)

    async def test_one_look_raises(self, upstream: ScriptedRepository, worker: Worker) -> None:
        """A scan must fail rather than find nothing."""
        with pytest.raises(SourceUnavailable):
            await worker.follower.sync_once()


class TestPace:
    async def test_it_polls_about_every_poll(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """With jitter, so that many workers do not come at once."""
        upstream.commit({"apps/web.yaml": deployment()})
        async with worker.running():
            for _ in range(5):
                worker.clock.advance(POLL * 1.2)
                await worker.clock.asleep()

        assert all(0.9 * POLL <= nap <= 1.1 * POLL for nap in worker.clock.naps)
        assert len(set(worker.clock.naps)) > 1

    async def test_a_poke_looks_now(self, upstream: ScriptedRepository, worker: Worker) -> None:
        """Without any time passing."""
        upstream.commit({"apps/web.yaml": deployment()})
        async with worker.running():
            upstream.commit({"apps/web.yaml": deployment(image="web:1.5")})
            worker.follower.poke()
            await worker.clock.napped(2)

        assert image(worker.manifest()) == "web:1.5"

    def test_failures_wait_longer_and_longer(self) -> None:
        """Up to five minutes, never exactly as long as everybody else."""
        pace = Pace(clock=FakeClock(), jitter=JITTER, poll=POLL)

        pauses = [pace.pause(failures) for failures in range(1, 30)]

        assert pauses[0] <= 1.5
        assert 150 <= pauses[-1] <= 450
        assert pace.pause(1, retry_after=77.0) == 77.0


class TestRestart:
    async def test_what_is_pending_stays_pending_since_then(
        self, upstream: ScriptedRepository, worker: Worker, tmp_path: Path
    ) -> None:
        """A killed worker still knows what was declared before, and until when."""
        upstream.commit({"apps/web.yaml": deployment()})
        await worker.look()
        upstream.commit({"apps/web.yaml": deployment(image="web:1.5"), "apps/s.yaml": service()})
        await worker.look()
        before = worker.desired.declaration(WEB)

        restarted = Worker(upstream.folder, worker.memory)
        await restarted.look()

        assert restarted.desired.declaration(WEB) == before
        added = restarted.desired.declaration(ref("Service", group=""))
        assert added
        assert [e.manifest for e in added.earlier] == [None]

    async def test_commits_during_the_absence_are_seen_as_news(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """An object that Git changed meanwhile is pending, not drifted."""
        upstream.commit({"apps/web.yaml": deployment()})
        await worker.look()
        upstream.commit({"apps/web.yaml": deployment(image="web:1.5")})

        restarted = Worker(upstream.folder, worker.memory)
        await restarted.look()

        declaration = restarted.desired.declaration(WEB)
        assert declaration
        assert [image(e.manifest) for e in declaration.earlier] == ["web:1.4"]
        assert image(declaration.manifest) == "web:1.5"

    async def test_what_was_settled_stays_settled(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """The next look writes down that nothing is behind any more."""
        upstream.commit({"apps/web.yaml": deployment()})
        await worker.look()
        upstream.commit({"apps/web.yaml": deployment(image="web:1.5")})
        await worker.look()
        worker.desired.settle(WEB)
        await worker.look()

        restarted = Worker(upstream.folder, worker.memory)
        await restarted.look()

        declaration = restarted.desired.declaration(WEB)
        assert declaration
        assert declaration.earlier == ()

    async def test_a_lost_history_is_forgotten_without_harm(
        self, upstream: ScriptedRepository, worker: Worker, tmp_path: Path
    ) -> None:
        """What cannot be rendered again cannot be compared with."""
        upstream.commit({"apps/web.yaml": deployment()})
        await worker.look()
        upstream.commit({"apps/web.yaml": deployment(image="web:1.5")})
        await worker.look()
        other = ScriptedRepository(tmp_path / "other.git")
        other.commit({"apps/web.yaml": deployment(image="web:1.5")})

        restarted = Worker(other.folder, worker.memory)
        await restarted.look()

        declaration = restarted.desired.declaration(WEB)
        assert declaration
        assert declaration.earlier == ()

    async def test_no_value_of_a_secret_reaches_the_disk(
        self, upstream: ScriptedRepository, worker: Worker
    ) -> None:
        """Only commit ids and names do."""
        upstream.commit({"apps/s.yaml": secret(data={"p": "cGxhbnRlZA=="})})
        await worker.look()
        upstream.commit({"apps/s.yaml": secret(data={"p": "b3RoZXI="})})
        await worker.look()

        stored = b"".join(file.read_bytes() for file in worker.memory.parent.glob("memory.db*"))
        assert b"login" in stored
        assert b"cGxhbnRlZA" not in stored

    async def test_an_unwritable_memory_does_not_stop_the_worker(
        self, upstream: ScriptedRepository, tmp_path: Path
    ) -> None:
        """It is told in the log, and tried again."""
        upstream.commit({"apps/c.yaml": config_map()})
        worker = Worker(upstream.folder, tmp_path / "memory.db")
        await worker.look()
        worker.memory.unlink()
        worker.memory.mkdir()
        upstream.commit({"apps/c.yaml": config_map(data={"mode": "other"})})

        await worker.look()

        assert worker.manifest(ref("ConfigMap", "settings", group=""))
