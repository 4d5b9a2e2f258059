"""Following a repository at several revisions: each stands by itself, and one look is enough."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.state.roots import Edition
from tests.auditor.sources.git.test_follower import POLL, Worker, image, root
from tests.builders import deployment, ref, service
from tests.doubles import START
from tests.git_repositories import ScriptedRepository

FOLLOWED = "auditor_followed_revisions"
PINNED = replace(root("infra"), revision="v1")


@pytest.fixture
def worker(upstream: ScriptedRepository, tmp_path: Path) -> Worker:
    """One path at the configured branch, another at a tag."""
    upstream.commit({"apps/web.yaml": deployment(), "infra/s.yaml": service()})
    upstream.tag("v1")
    return Worker(upstream.folder, tmp_path / "m.db", roots=(root("apps"), PINNED))


async def test_each_root_stands_at_its_own_commit(
    upstream: ScriptedRepository, worker: Worker
) -> None:
    """The commit of its revision, and when that was made."""
    second = upstream.commit({"apps/web.yaml": deployment(image="web:2"), "infra/s.yaml": None})

    await worker.look()

    apps, infra = (worker.desired.roots[name] for name in ("apps", "infra"))
    assert (apps.revision, infra.revision) == (second, upstream.commits[0])
    assert infra.rendered_at == START
    assert image(worker.manifest()) == "web:2"
    assert worker.manifest(ref("Service", group=""))
    assert worker.metric(FOLLOWED, repository="platform", state="found") == 2
    assert worker.metric(FOLLOWED, repository="platform", state="lacking") == 0


async def test_what_is_pinned_goes_on_while_the_branch_is_gone(
    upstream: ScriptedRepository, worker: Worker
) -> None:
    """The server can be reached: only what is made of the branch grows stale, and not at once."""
    async with worker.running():
        upstream.commit({"infra/s.yaml": service("new")})
        upstream.tag("v1")
        upstream.git.references.delete("refs/heads/main")
        worker.clock.advance(POLL * 1.2)
        await worker.clock.asleep()
        early = worker.stale()
        while not worker.stale():
            worker.clock.advance(POLL * 3)
            await worker.clock.asleep()

    assert early == ""
    assert "no branch or tag 'main'" in worker.stale()
    assert worker.stale("infra") == ""
    assert worker.manifest(ref("Service", "new", group=""))
    assert worker.metric("auditor_root_stale", root="apps") == 1
    assert worker.metric("auditor_root_stale", root="infra") == 0
    assert worker.metric(FOLLOWED, repository="platform", state="found") == 1
    assert worker.metric(FOLLOWED, repository="platform", state="lacking") == 1


async def test_whoever_asks_for_more_of_a_repository_has_it_looked_for_at_once(
    worker: Worker,
) -> None:
    """Not at the next poll; and once, for the look may fail."""
    await worker.look()
    sought: list[str] = []
    worker.forest.editions.seek = sought.append
    asking = (*worker.roots, replace(root("more"), revision="v2"))

    for _ in range(2):
        worker.forest.editions.settle(asking)

    assert sought == ["platform"]
    assert worker.forest.editions.unseen(asking) == {Edition("platform", "v2")}
