"""What is declared, for every cluster, as of the last commit that rendered.

A root is replaced as a whole or not at all. Whether a kind is namespaced decides which object is meant,
and may become known later (discovery, a CRD): references follow. It refuses to render and to ask anybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auditor.domain.gitops.readers import is_owner_group
from auditor.domain.identity import GroupKind, GroupVersionKind, ObjectRef
from auditor.domain.manifest import Manifest
from auditor.domain.pair import Superseded
from auditor.state.declared import DeclaredObjects, PackedRendering, Rank
from auditor.state.earlier import Earlier, History, Kept
from auditor.state.followed import FollowedOwners
from auditor.state.roots import Found, Root, RootStatuses

Scope = Callable[[str, GroupKind], bool | None]
"""Whether a cluster has a kind in namespaces; ``None`` where it is not known (yet)."""

CLUSTERS_OWN: Final = frozenset({"kube-system", "kube-public", "kube-node-lease"})
"""Namespaces in which clusters keep objects of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What is declared of one object, and was before.

    ``manifest`` is ``None`` where the object is declared no more; ``since`` is when that became so.
    ``found`` says which owner calls for it, or did last, where its root was found and not configured.
    """

    manifest: Manifest | None
    since: datetime | None
    found: Found | None = None
    earlier: tuple[Superseded, ...] = ()


class DesiredState:
    """The declared side of every pair.

    ``roots`` says how every root stands, ``objects`` what each declares, ``history`` what was declared
    before, ``followed`` which owners lead to more.
    """

    def __init__(
        self,
        roots: Sequence[Root],
        *,
        scope: Scope,
    ) -> None:
        self.roots = RootStatuses(roots)
        self.history = History()
        self.followed = FollowedOwners(root.name for root in roots if root.discover)
        self.objects = DeclaredObjects()
        self._scope = scope
        self._defined: defaultdict[str, dict[str, Mapping[GroupKind, bool]]] = defaultdict(dict)
        self._places = {root.name: place for place, root in enumerate(roots)}
        for root in roots:
            self.enrol(root)

    def enrol(self, root: Root) -> None:
        """Take in a root, or what became of it; nothing of it is declared yet."""
        self.objects.enrol(root.name, self._rank(root))
        self.roots.put(root)

    def _rank(self, root: Root) -> Rank:
        return self._places[root.top], root.found.depth if root.found else 0, root.name

    def withdraw(self, root: str, *, until: datetime) -> frozenset[ObjectRef]:
        """Declare no more what a root declared, and forget the root; return the objects that it touches."""
        status = self.roots[root]
        self._defined[status.root.cluster].pop(root, None)
        moves = self.objects.put(root, {})
        for ref, move in moves.items():
            self.history.note(ref, move, root=root, until=until)
        self.roots.remove(root)
        return frozenset(moves)

    def replace(self, root: str, rendering: PackedRendering) -> frozenset[ObjectRef]:
        """Declare what a root rendered to; return the objects that this touches."""
        status = self.roots[root]
        learned = self._define(status.root, rendering.scopes)
        known = self.objects.of(root)
        placed = {self._place(status.root, one.written): one for one in rendering.declared}
        moves = self.objects.put(
            root, {ref: one.succeed(known.get(ref)) for ref, one in placed.items()}
        )
        for ref, move in moves.items():
            if status.is_rendered or move.before is not None:
                self.history.note(ref, move, root=root, until=rendering.at)
        self.roots.confirm(root, rendering.revision, rendering.at)
        return frozenset(moves) | (self.rescope(status.root.cluster) if learned else frozenset())

    def _define(self, root: Root, scopes: Mapping[GroupKind, bool]) -> bool:
        """Note what a root's CRDs say; tell whether that is news. Where roots differ, the last one counts."""
        defined = self._defined[root.cluster]
        if defined.get(root.name, {}) == scopes:
            return False
        defined[root.name] = scopes
        ranked = sorted(defined, key=lambda name: self._rank(self.roots[name].root), reverse=True)
        self._defined[root.cluster] = {name: defined[name] for name in ranked}
        return True

    def rescope(self, cluster: str) -> frozenset[ObjectRef]:
        """Place every object anew, because more is known of kinds; return the objects that this touches."""
        touched: set[ObjectRef] = set()
        for status in self.roots.of(cluster):
            objects = self.objects.of(status.root.name)
            places = {ref: self._place(status.root, one.written) for ref, one in objects.items()}
            if any(old != new for old, new in places.items()):
                moved = {places[ref]: one for ref, one in objects.items()}
                touched |= self.objects.put(status.root.name, moved).keys()
                self.history.move(places)
        return frozenset(touched)

    def recall(self, kept: Iterable[Kept], rendering: PackedRendering | None) -> None:
        """Take back earlier declarations of one commit after a restart, from what it renders to.

        Without a rendering nothing was declared then.
        """
        then = {one.written: one for one in rendering.declared} if rendering else {}
        for one in kept:
            declared = then.get(one.written)
            if (declared is not None or rendering is None) and one.root in self.roots:
                ref = self._place(self.roots[one.root].root, one.written)
                earlier = Earlier(
                    root=one.root, written=one.written, declared=declared, until=one.until
                )
                self.history.recall(ref, [earlier])

    def declaration(self, ref: ObjectRef) -> Declaration | None:
        """What is declared of an object; ``None`` where nothing is and lately nothing was."""
        declared = self.objects.get(ref)
        earlier = self.history.superseded(ref)
        if declared is None and not earlier:
            return None
        manifest = None if declared is None else declared.manifest(ref)
        since = None if declared is None else declared.since
        return Declaration(
            manifest=manifest,
            since=earlier[0].until if earlier else since,
            found=self._found(ref),
            earlier=earlier,
        )

    def _found(self, ref: ObjectRef) -> Found | None:
        """Who applies an object, or takes it away again now that it is declared no more.

        Where its owner is gone too, that is whoever takes the owner away.
        """
        seen: set[ObjectRef] = set()
        while ref not in seen:
            seen.add(ref)
            root = self.objects.root_of(ref) or self.history.declared_by(ref)
            if root in self.roots:
                return self.roots[root].root.found
            gone = self.roots.removed(root)
            if gone is None:
                return None
            ref = gone.keeper
        return None  # an owner that stood in its own path: whoever declared it first is not known

    def settle(self, ref: ObjectRef) -> None:
        """Note that an object lives as declared: what was declared before matters no more."""
        self.history.settle(ref)

    def refs(self, cluster: str) -> tuple[ObjectRef, ...]:
        """Every object that is declared for a cluster."""
        return self.objects.refs(cluster)

    def kinds(self, cluster: str) -> frozenset[GroupVersionKind]:
        """Every kind that is declared for a cluster: what must be watched there."""
        return self.objects.kinds(cluster)

    def inhabited_namespaces(self, cluster: str) -> frozenset[str]:
        """The namespaces in which anything is declared, but for the cluster's own."""
        return self.objects.namespaces(cluster) - CLUSTERS_OWN

    def _place(self, root: Root, written: ObjectRef) -> ObjectRef:
        """Tell which object is meant: with the root's namespace, or without any, as its kind needs."""
        namespaced = self._is_namespaced(root.cluster, written.group_kind)
        if namespaced and not written.namespace:
            return written._replace(namespace=root.namespace)
        if namespaced is False and written.namespace:
            return written._replace(namespace="")
        return written

    def _is_namespaced(self, cluster: str, kind: GroupKind) -> bool | None:
        served = self._scope(cluster, kind)
        if served is not None:
            return served
        defined = (scopes[kind] for scopes in self._defined[cluster].values() if kind in scopes)
        return next(defined, True if is_owner_group(kind.group) else None)
