"""One look at a remote repository: what it has, and what of that is brought into a mirror.

However many revisions are asked for, the server is asked once for the names of its refs, and what is not here
yet comes in one fetch. A commit that no such name means is looked for further: by its id, where the server
gives out such, then below all branches and tags; and not again before these have changed. What is asked for
no more is let go: refs of ours keep what counts. It refuses to put anything into a fetch but names that the
server told and ids of commits.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import pygit2

from auditor.domain.history import Heads
from auditor.errors import SourceUnavailable
from auditor.sources.git.commits import commit_by_id, heads_of, whole_commit, youngest
from auditor.sources.git.credentials import Callbacks, Credentials, redact
from auditor.sources.git.refs import BRANCHES, COMMIT_LENGTH, TAGS, ById, Named, Refs

_OURS: Final = "refs/auditor/"
_ASKED: Final = f"{_OURS}asked/"
_SWEPT: Final = f"{_OURS}swept/"
_ALL: Final = 2**31 - 1
"""The depth that fetches what a shallow fetch left out (``git fetch --unshallow``)."""
_TRIES: Final = 8
"""So many commits are asked for one by one, where the server refused them together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """What is mirrored. ``depth`` is how many commits of the history a fetch takes; 0 takes all."""

    url: str
    ref: str = "HEAD"
    credentials: Credentials | None = None
    depth: int = 0


@dataclass(slots=True)
class Kept:
    """What is known of a mirror from one look to the next.

    ``refs`` has what was asked for by names of the server's, ``ids`` by ids; ``sought`` is what some of
    these were last looked for in without being found. ``index`` finds in the names that the server told.
    """

    refs: Mapping[str, pygit2.Oid] = field(default_factory=dict)
    ids: frozenset[str] = frozenset()
    sought: tuple[frozenset[str], Mapping[str, pygit2.Oid]] = (frozenset(), {})
    is_completed: bool = False
    index: Refs | None = None


class Fetching:
    """A look at one remote, into one mirror."""

    def __init__(
        self, remote: Remote, repository: pygit2.Repository, kept: Kept, stop: threading.Event
    ) -> None:
        self._remote = remote
        self._repository = repository
        self._kept = kept
        self._stop = stop

    def heads(self, revisions: Collection[str]) -> Heads:
        """Bring what revisions mean, and tell their commits. Blocks.

        Raises:
            Incomplete: what was brought here earlier is not whole.
            SourceUnavailable: the repository is empty.
            pygit2.GitError: the server cannot be reached, or refuses.

        """
        self._check()
        told = self._told()
        refs = self._index(told)
        means: dict[str, Named | ById] = {}

        def understood(revision: str) -> str:
            means[revision] = refs.find(revision or self._remote.ref)
            return revision

        nothing = heads_of(revisions, understood).lacking
        names = {n for one in means.values() if isinstance(one, Named) for n in one.names}
        ids = frozenset(one.start for one in means.values() if isinstance(one, ById))
        self._bring({name: told[name] for name in names})
        self._bring_commits(ids, told)
        self._keep({name: told[name] for name in names}, ids)
        found = heads_of(means, lambda revision: self._commit(means[revision], told))
        return Heads(commits=found.commits, lacking={**nothing, **found.lacking})

    def _check(self) -> None:
        """See whether what is here is whole: a fetch takes it for known."""
        known = self._kept.refs.values() or [
            self._repository.references[name].target for name in self._own() if _ASKED in name
        ]
        for oid in known:
            try:
                whole_commit(self._repository, oid)
            except SourceUnavailable:
                continue

    def _told(self) -> dict[str, pygit2.Oid]:
        callbacks = Callbacks(self._remote.credentials, self._stop)
        heads = self._connected().list_heads(callbacks=callbacks, proxy=True)
        return {head.name: head.oid for head in heads if head.name}

    def _index(self, told: Mapping[str, pygit2.Oid]) -> Refs:
        """What finds in the names that were told: the same one, while they are the same."""
        index = self._kept.index
        if index is None or index.names != told.keys():
            index = self._kept.index = Refs(told.keys(), repository=redact(self._remote.url))
        return index

    def _commit(self, meant: Named | ById, told: Mapping[str, pygit2.Oid]) -> str:
        if isinstance(meant, Named):
            return youngest(self._repository, [told[name] for name in meant.names])
        found = commit_by_id(self._repository, meant.start)
        if found is None:
            depth = self._remote.depth
            hint = f", or is older than the {depth} that depth asks for" if depth else ""
            raise SourceUnavailable(
                f"{redact(self._remote.url)} has no commit {meant.start} below a branch or tag{hint}. "
                "Push it, or correct the revision."
            )
        return found

    # --- fetching ---

    def _bring(self, wanted: Mapping[str, pygit2.Oid]) -> None:
        """Fetch what refs mean, if it is not here; all of its history, where only part of it is."""
        is_partial = self._repository.is_shallow and not self._kept.is_completed
        completes = is_partial and not self._remote.depth
        missing = [name for name, oid in wanted.items() if completes or oid not in self._repository]
        if missing:
            self._fetch(
                [f"+{name}:{_place(name)}" for name in missing],
                depth=_ALL if completes else self._remote.depth,
            )
        self._kept.is_completed |= completes

    def _bring_commits(self, ids: frozenset[str], told: Mapping[str, pygit2.Oid]) -> None:
        """Fetch commits that no ref means, if any are not here."""
        below = {name: oid for name, oid in told.items() if name.startswith((BRANCHES, TAGS))}
        absent = self._absent(ids)
        if not absent or self._kept.sought == (absent, below):
            return
        self._try(absent)
        if self._absent(absent):
            self._sweep()
        for commit in sorted(self._absent(absent))[:_TRIES]:
            self._try([commit])
        self._kept.sought = (self._absent(ids), below)

    def _absent(self, ids: Iterable[str]) -> frozenset[str]:
        return frozenset(start for start in ids if not self._has(start))

    def _has(self, start: str) -> bool:
        try:
            return commit_by_id(self._repository, start) is not None
        except SourceUnavailable:
            return len(start) == COMMIT_LENGTH

    def _try(self, ids: Iterable[str]) -> None:
        """Ask for commits by id. Few servers give out all; what was refused is not there."""
        whole = [one for one in ids if len(one) == COMMIT_LENGTH]
        if whole:
            try:
                self._fetch([f"+{one}:{_place(one)}" for one in whole], depth=self._remote.depth)
            except pygit2.GitError:
                return

    def _sweep(self) -> None:
        """Fetch all branches and tags, to a place of its own: names may be folders of earlier ones."""
        before = [name for name in self._own() if name.startswith(_SWEPT)]
        generation = hashlib.sha256("".join(before).encode()).hexdigest()[:16]
        place = f"{_SWEPT}{generation}/"
        self._fetch(
            [f"+{BRANCHES}*:{place}heads/*", f"+{TAGS}*:{place}tags/*"], depth=self._remote.depth
        )
        for name in before:
            self._repository.references.delete(name)

    def _fetch(self, refspecs: list[str], *, depth: int) -> None:
        callbacks = Callbacks(self._remote.credentials, self._stop)
        self._connected().fetch(refspecs, callbacks=callbacks, proxy=True, depth=depth)

    def _connected(self) -> pygit2.Remote:
        return self._repository.remotes.create_anonymous(self._remote.url)

    # --- keeping ---

    def _keep(self, refs: Mapping[str, pygit2.Oid], ids: frozenset[str]) -> None:
        """Let refs of ours lead to what is asked for, and to nothing else: they tell what is known."""
        if (self._kept.refs, self._kept.ids) == (refs, ids):
            return
        for name, oid in refs.items():
            self._repository.references.create(_place(name), oid, force=True)
        places = {*map(_place, refs), *map(_place, ids)}
        for name in self._own():
            if name not in places and not name.startswith(_SWEPT):
                self._repository.references.delete(name)
        self._kept.refs, self._kept.ids = dict(refs), ids

    def _own(self) -> list[str]:
        return sorted(name for name in self._repository.references if name.startswith(_OURS))


def _place(name: str) -> str:
    """Where something of a name is kept: a name might be a folder of another one."""
    return f"{_ASKED}{hashlib.sha256(name.encode()).hexdigest()[:32]}"
