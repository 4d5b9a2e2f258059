"""Which kinds a cluster serves: in which versions, under which plural, in namespaces or not.

Answers what must be known before an object is looked for: whether it *can* be there. Where nothing is
known of a cluster, the kinds of every cluster are known from `auditor.domain.scopes`. It refuses to ask.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from auditor.domain.identity import GroupKind, GroupVersionKind
from auditor.domain.scopes import is_namespaced


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedKind:
    """A kind in one version. ``resource`` is its plural; ``watchable``: it can be listed and watched."""

    gvk: GroupVersionKind
    resource: str
    namespaced: bool
    watchable: bool = True


class ServedKinds:
    """All kinds of one cluster, versions in the server's order of preference."""

    def __init__(self, kinds: Iterable[ServedKind] = ()) -> None:
        self._kinds: dict[GroupVersionKind, ServedKind] = {}
        self._versions: dict[GroupKind, list[ServedKind]] = {}
        for kind in kinds:
            # Where two resources share a kind, the first that can be watched is meant.
            if kind.gvk in self._kinds and (self._kinds[kind.gvk].watchable or not kind.watchable):
                continue
            self._kinds[kind.gvk] = kind
        for kind in self._kinds.values():
            self._versions.setdefault(kind.gvk.group_kind, []).append(kind)

    def find(self, gvk: GroupVersionKind) -> ServedKind | None:
        """Look a kind up in one version."""
        return self._kinds.get(gvk)

    def versions(self, group_kind: GroupKind) -> list[ServedKind]:
        """All versions of a kind, the preferred one first; none where it is not served."""
        return self._versions.get(group_kind, [])

    def is_namespaced(self, group_kind: GroupKind) -> bool | None:
        """Tell whether objects of a kind live in namespaces; ``None`` where nobody knows the kind."""
        versions = self.versions(group_kind)
        return versions[0].namespaced if versions else is_namespaced(group_kind)

    def api_versions(self) -> tuple[str, ...]:
        """Groups in each version, and kinds in each of them, as helm names them to charts."""
        kinds = {f"{gvk.api_version}/{gvk.kind}" for gvk in self._kinds}
        return tuple(sorted(kinds | {gvk.api_version for gvk in self._kinds}))

    def nearest(self, group_kind: GroupKind) -> GroupKind | None:
        """The served kind that a wrong one was probably meant to be."""
        names = {str(served): served for served in self._versions}
        near = difflib.get_close_matches(str(group_kind), names, n=1)
        return names[near[0]] if near else None

    def __iter__(self) -> Iterator[ServedKind]:
        """All kinds in all versions."""
        return iter(self._kinds.values())

    def __len__(self) -> int:
        """Count the kinds, each version on its own."""
        return len(self._kinds)

    def __eq__(self, other: object) -> bool:
        """Tell whether the same is served in the same order of preference."""
        return isinstance(other, ServedKinds) and list(self) == list(other)

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash(tuple(self._kinds))
