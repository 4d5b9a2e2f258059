"""Which commit last changed something."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pygit2
import pytest

from auditor.domain.fieldpath import FieldPath
from auditor.domain.history import Passage
from auditor.errors import SourceUnavailable
from auditor.sources.git.extent import Span
from auditor.sources.git.lineage import Lineage
from auditor.sources.git.objects import Objects
from tests.doubles import START
from tests.git_repositories import ScriptedRepository

WEB = "kind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  paused: false\n"
API = "kind: Deployment\nmetadata: {name: api}\nspec:\n  replicas: 1\n"
REPLICAS = FieldPath(("spec", "replicas"))


def last(upstream: ScriptedRepository, *passage: object, at: str = "") -> int:
    """Which of the commits it was, counted from 0."""
    objects = Objects(upstream.git, name="platform")
    found = objects.last_change(at or upstream.head, Passage(*passage))  # type: ignore[arg-type] # as the test says
    return upstream.commits.index(found.id)


def test_a_file_was_last_changed_where_its_content_changed(upstream: ScriptedRepository) -> None:
    """Whatever happened to others since, and whatever it said before."""
    upstream.commit({"web.yaml": WEB, "other.yaml": "1"})
    upstream.commit({"web.yaml": API})
    upstream.commit({"web.yaml": WEB})
    upstream.commit({"other.yaml": "2"})

    assert last(upstream, "web.yaml") == 2
    assert last(upstream, "other.yaml") == 3
    assert last(upstream, "web.yaml", at=upstream.commits[0]) == 0


def test_a_folder_changes_with_whatever_is_in_it(upstream: ScriptedRepository) -> None:
    """Where a root as a whole is meant."""
    upstream.commit({"a/x.yaml": "1", "b/y.yaml": "1"})
    upstream.commit({"a/deep/z.yaml": "1"})
    upstream.commit({"b/y.yaml": "2"})

    assert last(upstream, "a") == 1
    assert last(upstream, "") == 2


def test_of_two_objects_in_a_file_each_has_its_own_commit(upstream: ScriptedRepository) -> None:
    """Also where the first pushes the second down."""
    upstream.commit({"all.yaml": f"{WEB}---\n{API}"})
    upstream.commit({"all.yaml": f"{WEB}  more: 1\n---\n{API}"})

    assert last(upstream, "all.yaml", 1) == 1
    assert last(upstream, "all.yaml", 8) == 0


def test_a_field_has_its_own_commit(upstream: ScriptedRepository) -> None:
    """The object around it may be younger; of several fields the youngest counts."""
    upstream.commit({"web.yaml": WEB})
    upstream.commit({"web.yaml": WEB.replace("replicas: 1", "replicas: 2")})
    upstream.commit({"web.yaml": "# one\n" + WEB.replace("replicas: 1", "replicas: 2")})
    upstream.commit({"web.yaml": "# one\n" + WEB.replace("1", "2").replace("false", "true")})

    paused = FieldPath(("spec", "paused"))
    assert last(upstream, "web.yaml", 2, (REPLICAS,)) == 1
    assert last(upstream, "web.yaml", 2, (FieldPath(("metadata",)),)) == 0
    assert last(upstream, "web.yaml", 2, (REPLICAS, paused)) == 3
    assert last(upstream, "web.yaml", 2) == 3


def test_a_field_that_is_not_in_the_file_counts_for_nothing(upstream: ScriptedRepository) -> None:
    """The object does instead."""
    upstream.commit({"all.yaml": f"{WEB}---\n{API}"})
    upstream.commit({"all.yaml": f"{WEB}  more: 1\n---\n{API}"})

    assert last(upstream, "all.yaml", 8, (FieldPath(("spec", "nothing")),)) == 0


def test_a_line_that_was_taken_away_changed_its_object(upstream: ScriptedRepository) -> None:
    """And none that only stands beside it."""
    upstream.commit({"all.yaml": f"{WEB}---\n{API}"})
    upstream.commit(
        {"all.yaml": f"{WEB}---\n{API}".replace("spec:\n  replicas: 1\n  p", "spec:\n  p")}
    )

    assert last(upstream, "all.yaml", 1) == 1
    assert last(upstream, "all.yaml", 6) == 0


def test_a_moved_file_keeps_the_history_of_its_lines(upstream: ScriptedRepository) -> None:
    """To move is not to declare; the file itself is as old as its name."""
    upstream.commit({"old.yaml": WEB, "x": "1"})
    upstream.commit({"old.yaml": None, "new.yaml": WEB.replace("paused: false", "paused: true")})

    assert last(upstream, "new.yaml", 1, (REPLICAS,)) == 0
    assert last(upstream, "new.yaml", 1) == 1
    assert last(upstream, "new.yaml") == 1


def test_a_link_is_as_old_as_what_it_leads_to(upstream: ScriptedRepository) -> None:
    """Its content is the target's."""
    upstream.commit({"base/web.yaml": WEB})
    upstream.link("link.yaml", "base/web.yaml")

    assert last(upstream, "link.yaml", 1) == 0


def merged(upstream: ScriptedRepository, ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """Merge a branch with one commit (2) into main with one more (1); the merge is commit 3."""
    base = upstream.commit({"web.yaml": WEB, "api.yaml": API})
    before = dict(upstream.files)
    main = upstream.commit(ours)
    on_main, upstream.files = dict(upstream.files), before
    upstream.commits.append(base)
    branch = upstream.commit(theirs)
    del upstream.commits[2]
    upstream.files = on_main | {path: upstream.files[path] for path in theirs}
    return upstream._commit([main, branch], None)


def test_a_merge_is_looked_behind(upstream: ScriptedRepository) -> None:
    """What it brought was changed in the branch."""
    merged(upstream, {"web.yaml": WEB + "  ours: 1\n"}, {"api.yaml": API + "  theirs: 1\n"})

    assert last(upstream, "web.yaml") == 1
    assert last(upstream, "api.yaml") == 2
    assert last(upstream, "api.yaml", 1, (REPLICAS,)) == 0


def test_lines_of_a_file_that_both_sides_changed_are_told_apart(
    upstream: ScriptedRepository,
) -> None:
    """Each came with one of them; only the file as a whole is the merge's."""
    top, bottom = WEB.replace("name: web", "name: w"), WEB.replace("paused: false", "paused: true")
    both = top.replace("paused: false", "paused: true")
    merged(upstream, {"web.yaml": top}, {"web.yaml": bottom})
    upstream.files["web.yaml"] = (
        upstream.git.create_blob(both.encode()),
        pygit2.enums.FileMode.BLOB,
    )
    parents = [str(oid) for oid in upstream.git[upstream.commits.pop()].parent_ids]
    upstream._commit(parents, None)

    assert last(upstream, "web.yaml", 1, (FieldPath(("metadata",)),)) == 1
    assert last(upstream, "web.yaml", 1, (FieldPath(("spec", "paused")),)) == 2
    assert last(upstream, "web.yaml", 1, (REPLICAS,)) == 0
    assert last(upstream, "web.yaml") == 3


def test_it_agrees_with_blame(upstream: ScriptedRepository) -> None:
    """Line by line, through insertions, removals and changes."""
    text = [f"key-{n}: 0" for n in range(12)]
    upstream.commit({"a.yaml": "\n".join(text) + "\n"})
    for n in range(1, 25):
        place = n * 7 % len(text)
        if n % 3 == 0:
            text.insert(place, f"new-{n}: 0")
        elif n % 5 == 0:
            del text[place]
        else:
            text[place] = f"changed-{n}: 0"
        upstream.commit({"a.yaml": "\n".join(text) + "\n"})

    blame = upstream.git.blame("a.yaml", newest_commit=upstream.head)
    lineage = Lineage(upstream.git)
    told = [
        lineage.last_change(upstream.head, "a.yaml", (Span(n, n),)) for n in range(1, len(text))
    ]
    assert told == [str(blame.for_line(n).orig_commit_id) for n in range(1, len(text))]


def test_a_rewritten_history_is_another_one(upstream: ScriptedRepository) -> None:
    """What was learned of the old one says nothing of it."""
    lineage = Lineage(upstream.git)
    upstream.commit({"web.yaml": WEB})
    assert lineage.last_change(upstream.head, "web.yaml") == upstream.head
    new = upstream.rewrite({"web.yaml": WEB})

    assert lineage.last_change(new, "web.yaml") == new


def test_it_says_who_and_when(upstream: ScriptedRepository) -> None:
    """When it was written; when it was committed is something else."""
    upstream.commit({"web.yaml": WEB})
    upstream.commit({"other.yaml": "1"})

    found = Objects(upstream.git, name="platform").last_change(upstream.head, Passage("web.yaml"))

    assert (found.author, found.authored) == ("Ada", START)
    assert found.authored.utcoffset() == timedelta(0)


@pytest.mark.parametrize("path", ["nothing.yaml", "../outside", "web.yaml/below"])
def test_what_is_not_there_has_no_history(upstream: ScriptedRepository, path: str) -> None:
    """Nobody knows; it is no finding of its own."""
    upstream.commit({"web.yaml": WEB})

    with pytest.raises(SourceUnavailable, match="is not in platform"):
        last(upstream, path)


def test_the_end_of_a_shallow_history_is_not_its_beginning(
    upstream: ScriptedRepository, tmp_path: Path
) -> None:
    """The commit that it ends at did not declare all that it holds."""
    upstream.commit({"old.yaml": WEB})
    upstream.commit({"new.yaml": WEB})
    upstream.commit({"newest.yaml": WEB})
    clone = tmp_path / "clone"
    depth = ("--depth=2", "--bare", f"file://{upstream.folder}", str(clone))
    subprocess.run(("git", "clone", "--quiet", *depth), check=True)
    lineage = Lineage(pygit2.Repository(str(clone)))

    assert lineage.last_change(upstream.head, "newest.yaml") == upstream.head
    with pytest.raises(SourceUnavailable, match="was fetched shallow"):
        lineage.last_change(upstream.head, "old.yaml")


def test_nobody_looks_back_forever(upstream: ScriptedRepository) -> None:
    """So many commits, and no longer than a few seconds; the next question gets as much again."""
    upstream.commit({"web.yaml": WEB})
    for n in range(20):
        upstream.commit({"other.yaml": str(n)})

    with pytest.raises(SourceUnavailable, match="longer ago than is looked back"):
        Lineage(upstream.git, limit=10).last_change(upstream.head, "web.yaml")
    with pytest.raises(SourceUnavailable, match="longer ago than is looked back"):
        Lineage(upstream.git, patience=0).last_change(upstream.head, "web.yaml")
    assert (
        Lineage(upstream.git, limit=21).last_change(upstream.head, "web.yaml")
        == upstream.commits[0]
    )
