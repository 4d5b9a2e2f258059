"""A change is shown on a line that a reviewer sees."""

from __future__ import annotations

from dataclasses import replace

from auditor.domain.difference import Difference, Op
from auditor.domain.fieldpath import FieldPath
from auditor.domain.finding import Finding
from auditor.domain.history import Layers
from auditor.domain.manifest import Origin
from auditor.sources.git.objects import Objects
from auditor.sources.git.pinpoint import Pinpoint
from tests.findings import tracked
from tests.git_repositories import ScriptedRepository

WEB = "kind: Deployment\nmetadata: {name: web}\nspec:\n  paused: false\n  replicas: 1\n"


def placed(
    upstream: ScriptedRepository, path: str, line: int | None, *fields: str, at: int = -1
) -> tuple[str, int | None, int]:
    """Path, line and commit (counted from 0) of a finding with an origin, from the first commit on."""
    history = Objects(upstream.git, name="platform")
    before, after = upstream.commits[0], upstream.head
    changed = sorted(history.changed(before, after))
    layers = Layers(kind="Deployment", name="web", said=(None,) * len(fields), files=tuple(changed))
    pinpoint = Pinpoint(
        history=history,
        before=before,
        after=after,
        changed=[*changed, "another.yaml"],
        layers_of=lambda _finding, _fields: layers,
    )
    origin = Origin(repository="platform", revision=upstream.commits[at], path=path, line=line)
    found = pinpoint.place(_finding(origin, *fields))
    assert found.origin is not None
    return found.origin.path, found.origin.line, upstream.commits.index(found.origin.revision)


def _finding(origin: Origin, *fields: str) -> Finding:
    differences = tuple(
        Difference(path=FieldPath(("spec", field)), pointer="", op=Op.CHANGED) for field in fields
    )
    return replace(tracked("web").finding, origin=origin, differences=differences)


def test_the_changed_field_is_named(upstream: ScriptedRepository) -> None:
    """Not the object's first line, which the branch may not touch."""
    upstream.commit({"web.yaml": WEB})
    upstream.commit({"web.yaml": WEB.replace("replicas: 1", "replicas: 2")})
    upstream.commit(
        {"web.yaml": WEB.replace("replicas: 1", "replicas: 2").replace("false", "true")}
    )

    assert placed(upstream, "web.yaml", 1, "replicas") == ("web.yaml", 5, 1)
    assert placed(upstream, "web.yaml", 1, "paused") == ("web.yaml", 4, 2)
    assert placed(upstream, "web.yaml", 1, "paused", "replicas") == ("web.yaml", 4, 2)


def test_a_field_that_was_taken_away_is_shown_where_it_was(upstream: ScriptedRepository) -> None:
    """On the line before, for its own is gone."""
    upstream.commit({"web.yaml": WEB})
    upstream.commit({"web.yaml": WEB.replace("  paused: false\n", "")})

    assert placed(upstream, "web.yaml", 1, "paused") == ("web.yaml", 3, 1)


def test_a_new_file_is_shown_at_its_object(upstream: ScriptedRepository) -> None:
    """All of its lines are new."""
    upstream.commit({"other.yaml": "1"})
    upstream.commit({"web.yaml": f"# web\n{WEB}"})

    assert placed(upstream, "web.yaml", 2) == ("web.yaml", 2, 1)


def test_an_object_whose_own_file_stays_is_shown_at_what_went_in(
    upstream: ScriptedRepository,
) -> None:
    """A patch of an overlay, values of a chart; rather one that names the object."""
    upstream.commit({"base/web.yaml": WEB, "a/patch.yaml": "x: 1\n", "b/patch.yaml": "1"})
    upstream.commit({"a/patch.yaml": "x: 2\n"})
    assert placed(upstream, "base/web.yaml", 1, "replicas") == ("a/patch.yaml", 1, 1)

    upstream.commit({"b/patch.yaml": "x: 1\nname: web\nreplicas: 9\n"})
    assert placed(upstream, "base/web.yaml", 1, "replicas") == ("b/patch.yaml", 1, 2)


def test_a_field_is_shown_where_it_is_said(upstream: ScriptedRepository) -> None:
    """In an overlay, though the object's own file changed as well."""
    overlay = "# of prod\nreplicas: [{name: web, count: %d}]\n"
    upstream.commit({"base.yaml": WEB, "kustomization.yaml": overlay % 2})
    upstream.commit({"kustomization.yaml": overlay % 3})
    upstream.commit({"base.yaml": WEB.replace("false", "true")})
    layers = Layers(kind="Deployment", name="web", said=("3",), files=("kustomization.yaml",))
    pinpoint = Pinpoint(
        history=Objects(upstream.git, name="platform"),
        before=upstream.commits[0],
        after=upstream.head,
        changed=["base.yaml", "kustomization.yaml"],
        layers_of=lambda _finding, _fields: layers,
    )
    own = Origin(repository="platform", revision=upstream.head, path="base.yaml", line=1)

    found = pinpoint.place(_finding(own, "replicas")).origin

    assert found
    assert (found.path, found.line) == ("kustomization.yaml", 2)
    assert found.revision == upstream.commits[1]


def test_what_did_not_go_in_is_not_named(upstream: ScriptedRepository) -> None:
    """Though it changed and speaks of the object: something else of another root does."""
    upstream.commit({"base.yaml": WEB, "other.yaml": "name: web\n"})
    upstream.commit({"other.yaml": "name: web\nsize: 2\n"})
    pinpoint = Pinpoint(
        history=Objects(upstream.git, name="platform"),
        before=upstream.commits[0],
        after=upstream.head,
        changed=["other.yaml"],
        layers_of=lambda _finding, _fields: Layers(kind="Deployment", name="web", said=(None,)),
    )
    own = Origin(repository="platform", revision=upstream.head, path="base.yaml", line=1)

    found = pinpoint.place(_finding(own, "replicas")).origin

    assert found
    assert (found.path, found.line, found.revision) == ("base.yaml", 1, upstream.commits[0])


def test_an_object_without_a_line_is_shown_at_the_first_change(
    upstream: ScriptedRepository,
) -> None:
    """A generator, a template."""
    upstream.commit({"web.yaml": WEB})
    upstream.commit({"web.yaml": WEB.replace("replicas: 1", "replicas: 2")})

    assert placed(upstream, "web.yaml", None) == ("web.yaml", 5, 1)


def test_what_is_declared_no_more_keeps_its_place(upstream: ScriptedRepository) -> None:
    """In the commit that had it."""
    upstream.commit({"web.yaml": WEB})
    upstream.commit({"web.yaml": None})

    assert placed(upstream, "web.yaml", 1, at=0) == ("web.yaml", 1, 0)


def test_nothing_is_made_up_where_no_file_changed(upstream: ScriptedRepository) -> None:
    """A fetched chart may have."""
    upstream.commit({"web.yaml": WEB})

    assert placed(upstream, "web.yaml", 1, "replicas") == ("web.yaml", 1, 0)


def test_a_finding_without_a_place_stays_so(upstream: ScriptedRepository) -> None:
    """It was declared nowhere."""
    commit = upstream.commit({"web.yaml": WEB})
    history = Objects(upstream.git, name="platform")
    finding = replace(tracked().finding, origin=None)

    assert (
        Pinpoint(history=history, before=commit, after=commit, changed=[]).place(finding) == finding
    )
