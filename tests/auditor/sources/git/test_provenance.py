"""Findings name the commit that declared what they are about."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry

from auditor.app.folders import FolderRepository
from auditor.domain.difference import Difference, Op
from auditor.domain.fieldpath import FieldPath, Key
from auditor.domain.finding import Finding, Outcome, Verdict
from auditor.domain.history import CommitInfo, Layers, Passage
from auditor.domain.manifest import Origin
from auditor.sources.git.directory import open_directory
from auditor.sources.git.fetching import Remote
from auditor.sources.git.provenance import Provenance
from auditor.sources.git.repository import GitRepository, open_repository
from auditor.telemetry.git import GitEvents
from auditor.telemetry.sources import SourceEvents
from tests.builders import deployment, ref
from tests.doubles import START
from tests.findings import tracked
from tests.git_repositories import ScriptedRepository

REPLICAS = FieldPath(("spec", "replicas"))
IMAGE = FieldPath(("spec", "template", "spec", "containers", Key((("name", "web"),)), "image"))


@pytest.fixture
def repository(upstream: ScriptedRepository, tmp_path: Path) -> GitRepository:
    return open_repository("platform", Remote(url=str(upstream.folder), ref="main"), cache=tmp_path)


class Questions:
    """A repository that only tells of changes, and counts who asks."""

    def __init__(self, inner: GitRepository) -> None:
        self.name = inner.name
        self.inner = inner
        self.asked: list[Passage] = []

    def trace(self, commit: str, passage: Passage) -> tuple[Passage, ...]:
        return self.inner.trace(commit, passage)

    def last_change(self, commit: str, passage: Passage) -> CommitInfo:
        self.asked.append(passage)
        return self.inner.last_change(commit, passage)


def provenance(repository: object, registry: CollectorRegistry | None = None) -> Provenance:
    registry = registry or CollectorRegistry()
    return Provenance([repository], GitEvents(registry, SourceEvents(registry)))  # type: ignore[list-item] # a double tells of changes only


def found(revision: str, *differences: Difference, path: str = "web.yaml") -> Outcome:
    origin = Origin(repository="platform", revision=revision, path=path, line=1)
    one = replace(tracked().finding, origin=origin, differences=differences)
    return Outcome(ref=ref(), verdict=Verdict.DRIFTED, findings=(one,))


def differs(path: FieldPath, op: Op = Op.CHANGED) -> Difference:
    return Difference(path=path, pointer="", op=op, desired=1, actual=2)


async def only(provenance: Provenance, outcome: Outcome) -> Finding:
    ((one,),) = [each.findings for each in await provenance.attribute([outcome])]
    return one


async def test_a_finding_names_the_commit_that_declared_the_field(
    upstream: ScriptedRepository, repository: GitRepository
) -> None:
    """With the moment when it was written; where the object stands stays the same."""
    web = deployment("web", replicas=1)
    upstream.commit({"web.yaml": web})
    second = upstream.commit({"web.yaml": deployment("web", replicas=2)})
    third = upstream.commit({"web.yaml": deployment("web", replicas=2, image="web:9")})
    await repository.heads()
    known = provenance(repository)

    changed = await only(known, found(third, differs(REPLICAS)))
    added = await only(known, found(third, differs(REPLICAS, Op.ADDED)))

    assert changed.origin == Origin(
        repository="platform",
        revision=second,
        path="web.yaml",
        line=1,
        authored=START + timedelta(minutes=1),
    )
    assert added.origin is not None
    assert added.origin.revision == third


async def test_other_commits_change_nothing_about_a_finding(
    upstream: ScriptedRepository, repository: GitRepository
) -> None:
    """Neither its identity nor what it says: the commit was rendered, but declared nothing of it."""
    upstream.commit({"web.yaml": deployment("web")})
    await repository.heads()
    known = provenance(repository)
    before = await only(known, found(upstream.head, differs(REPLICAS)))
    upstream.commit({"api.yaml": deployment("api")})
    await repository.heads()

    after = await only(known, found(upstream.head, differs(REPLICAS)))

    assert after == before
    assert after.fingerprint == before.fingerprint


async def test_the_same_question_is_asked_once(
    upstream: ScriptedRepository, repository: GitRepository
) -> None:
    """Drift that stays is looked at again and again."""
    upstream.commit({"web.yaml": deployment("web")})
    await repository.heads()
    questions = Questions(repository)
    known = provenance(questions)

    for _ in range(3):
        await only(known, found(upstream.head, differs(REPLICAS)))

    assert questions.asked == [Passage("web.yaml", 1, (REPLICAS,))]


async def test_a_batch_is_asked_about_together(
    upstream: ScriptedRepository, repository: GitRepository
) -> None:
    """File by file, the same question once, and what is fine not at all."""
    upstream.commit({"web.yaml": deployment("web"), "api.yaml": deployment("api")})
    await repository.heads()
    questions = Questions(repository)
    web, api = (found(upstream.head, path=path) for path in ("web.yaml", "api.yaml"))
    fine = Outcome(ref=ref(), verdict=Verdict.IN_SYNC)

    told = await provenance(questions).attribute([web, fine, api, web])

    assert [passage.path for passage in questions.asked] == ["api.yaml", "web.yaml"]
    assert [len(outcome.findings) for outcome in told] == [1, 0, 1, 1]
    assert told[0] == told[3] != told[2]


@pytest.mark.parametrize("path", ["gone.yaml", ""])
async def test_what_nobody_can_tell_keeps_the_rendered_commit(
    path: str, upstream: ScriptedRepository, repository: GitRepository
) -> None:
    """And that is counted."""
    upstream.commit({"web.yaml": deployment("web")})
    await repository.heads()
    registry = CollectorRegistry()
    outcome = found("1" * 40, path=path)

    assert await only(provenance(repository, registry), outcome) == outcome.findings[0]
    labels = {"repository": "platform"}
    assert registry.get_sample_value("auditor_changes_untraced_total", labels) == 1


async def test_a_field_of_an_overlay_names_the_overlay(
    upstream: ScriptedRepository, repository: GitRepository
) -> None:
    """The place that says it, and the commit that last changed that; of several the youngest."""
    overlay = "replicas: [{name: web, count: %d}]\nimages: [{name: nginx, newTag: '%d'}]\n"
    upstream.commit({"web.yaml": deployment("web"), "kustomization.yaml": overlay % (2, 1)})
    second = upstream.commit({"kustomization.yaml": overlay % (3, 1)})
    third = upstream.commit({"kustomization.yaml": overlay % (3, 2)})
    upstream.commit({"web.yaml": deployment("web", image="nginx:0")})
    await repository.heads()
    layers = Layers(kind="Deployment", name="web", said=("3",), files=("kustomization.yaml",))
    told = {1: layers, 2: replace(layers, said=("3", "nginx:2"))}
    known = Provenance(
        [repository],
        GitEvents(CollectorRegistry(), SourceEvents(CollectorRegistry())),
        lambda _, fields: told[len(fields)],
    )

    questions = [await only(known, found(upstream.head, differs(REPLICAS))) for _ in range(2)]
    one = questions[0]
    both = await only(known, found(upstream.head, differs(REPLICAS), differs(IMAGE)))

    assert one == questions[1]
    assert one.origin
    assert both.origin
    assert (one.origin.path, one.origin.line) == ("kustomization.yaml", 1)
    assert (one.origin.revision, both.origin.revision) == (second, third)
    assert one.origin.authored == START + timedelta(minutes=1)


async def test_an_overlay_that_nobody_committed_is_named_all_the_same(tmp_path: Path) -> None:
    """A folder has no history; what lies in it says what it says."""
    (tmp_path / "web.yaml").write_text(yaml.safe_dump(deployment("web")))
    (tmp_path / "kustomization.yaml").write_text("# all\nreplicas: [{name: web, count: 3}]\n")
    folder = FolderRepository("platform", open_directory(tmp_path)[0])
    layers = Layers(kind="Deployment", name="web", said=("3",), files=("kustomization.yaml",))
    events = GitEvents(CollectorRegistry(), SourceEvents(CollectorRegistry()))
    known = Provenance([folder], events, lambda _finding, _fields: layers)

    told = await only(known, found("", replace(differs(REPLICAS), desired=3)))

    assert told.origin == Origin(
        repository="platform", revision="", path="kustomization.yaml", line=2
    )


async def test_a_finding_without_a_declaration_stays_as_it_is(repository: GitRepository) -> None:
    """So does one that was declared somewhere that is no repository of ours."""
    known = provenance(repository)
    nowhere = Outcome(
        ref=ref(), verdict=Verdict.DRIFTED, findings=(replace(tracked().finding, origin=None),)
    )
    elsewhere = found("1" * 40)
    origin = Origin(repository="other", revision="1" * 40, path="web.yaml")
    elsewhere = replace(elsewhere, findings=(replace(elsewhere.findings[0], origin=origin),))

    assert await known.attribute([nowhere, elsewhere]) == [nowhere, elsewhere]
