"""Which commits the followed refs were at, and since when, for objects that fetch the same.

A source of Flux that fetches nothing says that all is well; whoever looks into the repository too knows
better. Only moves that were seen count: what was there before is as old as the first look. It refuses to
look for commits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from auditor.domain.gitops.flux_fields import part, text
from auditor.domain.gitops.flux_sources import revision_in
from auditor.domain.gitops.kinds import APPLICATION
from auditor.domain.identity import GroupKind
from auditor.domain.manifest import Manifest
from auditor.domain.pair import Head
from auditor.domain.remotes import OCI
from auditor.errors import ManifestError
from auditor.state.atlas import Atlas
from auditor.state.roots import Edition

SOURCE: Final = GroupKind("source.toolkit.fluxcd.io", "GitRepository")
_KEPT: Final = 100
"""So many moves are kept of a repository; whatever is older than that has been so for long enough."""


class Moves:
    """The last commits of every configured repository."""

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas
        self._moves: dict[Edition, tuple[Head, ...]] = {}

    def note(self, edition: Edition, commit: str, at: datetime) -> bool:
        """Take in where a repository is at a revision; tell whether it moved."""
        known = self._moves.get(edition, ())
        if not commit or (known and known[-1].commit == commit):
            return False
        self._moves[edition] = (*known, Head(commit=commit, since=at))[-_KEPT:]
        return True

    def of(self, source: Manifest | None) -> tuple[Head, ...]:
        """The commits of what an object fetches, the newest last; none where that is not followed here."""
        if source is None or source.ref.kind not in NAMES or source.ref.group_kind not in _READERS:
            return ()
        url, revision = _READERS[source.ref.group_kind](part(source.body, "spec"))
        if not url:
            return ()
        try:
            edition = self._atlas.edition(url, revision)
        except ManifestError:
            return ()
        return self._moves.get(edition, ())


def _source(spec: Mapping[str, Any]) -> tuple[str, str]:
    """What a GitRepository fetches."""
    return text(spec, "url"), revision_in(spec)


def _application(spec: Mapping[str, Any]) -> tuple[str, str]:
    """What an Application compares with, if that is one Git repository: else it tells no single commit."""
    one = part(spec, "source")
    url, others = text(one, "repoURL"), {"sources", "sourceHydrator"} & spec.keys()
    is_git = not others and "chart" not in one and not url.startswith(OCI)
    return (url, text(one, "targetRevision")) if is_git else ("", "")


_READERS: Final[Mapping[GroupKind, Callable[[Mapping[str, Any]], tuple[str, str]]]] = {
    SOURCE: _source,
    APPLICATION: _application,
}
KINDS: Final = frozenset(_READERS)
"""The kinds of objects that fetch from repositories."""
NAMES: Final = frozenset(kind.kind for kind in KINDS)
