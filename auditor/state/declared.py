"""Declared objects in little space, and which root's declaration counts.

Where several roots declare one object, the one that stands last in the configuration wins, or was found
deeper below, whatever order they were rendered in, and the others are told. It refuses to know about time
and clusters' scopes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from auditor.domain.identity import GroupKind, GroupVersionKind, ObjectRef
from auditor.domain.manifest import Manifest, Origin, Owner
from auditor.ports import Rendering
from auditor.state.packed import unpack
from auditor.state.packed_manifests import PackedManifest, pack_manifests

_CRD = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One declared object: its reference as written, and the rest of its manifest, packed.

    ``since`` is when this body became the declared one; the same body always packs to the same bytes.
    """

    written: ObjectRef
    version: str
    body: bytes
    origin: Origin | None
    owner: Owner | None
    since: datetime

    @property
    def gvk(self) -> GroupVersionKind:
        """Group, version and kind."""
        return GroupVersionKind(self.written.group, self.version, self.written.kind)

    def manifest(self, ref: ObjectRef) -> Manifest:
        """Unpack the manifest for the place where it belongs."""
        body = unpack(self.body)
        if (body["metadata"].get("namespace") or "") != ref.namespace:
            body["metadata"]["namespace"] = ref.namespace
            if not ref.namespace:
                del body["metadata"]["namespace"]
        return Manifest(
            ref=ref, version=self.version, body=body, origin=self.origin, owner=self.owner
        )

    def succeed(self, earlier: Declared | None) -> Declared:
        """Take over from an earlier declaration all that did not change: then it is the same object."""
        if earlier is None or not self.says_the_same_as(earlier):
            return self
        is_same = (_place(self.origin), self.owner) == (_place(earlier.origin), earlier.owner)
        return earlier if is_same else replace(self, since=earlier.since)

    def says_the_same_as(self, other: Declared) -> bool:
        """Tell whether nothing but the place in Git and the owner differs."""
        mine = (self.body, self.version, self.written)
        return mine == (other.body, other.version, other.written)


def _place(origin: Origin | None) -> tuple[str, int | None] | None:
    return None if origin is None else (origin.path, origin.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedRendering:
    """What a root declares at a commit, ready to be taken in.

    ``at`` is when that commit became the declared one; ``scopes`` is what its CRDs say: whether a kind
    is namespaced.
    """

    declared: tuple[Declared, ...]
    scopes: Mapping[GroupKind, bool]
    revision: str
    at: datetime


def pack_rendering(
    rendering: Rendering, *, revision: str, at: datetime, owner: Owner | None = None
) -> PackedRendering:
    """Pack every manifest that is not packed yet: work for a thread.

    ``owner`` is whose all of them are that do not say themselves whose they are.
    """
    packed = pack_manifests(rendering.manifests).packed
    return PackedRendering(
        declared=tuple(_declared(each, at, owner) for each in packed),
        scopes=dict(_scopes(packed)),
        revision=revision,
        at=at,
    )


def _declared(packed: PackedManifest, at: datetime, owner: Owner | None) -> Declared:
    return Declared(
        written=packed.ref,
        version=packed.version,
        body=packed.body,
        origin=packed.origin,
        owner=packed.owner or owner,
        since=at,
    )


def _scopes(manifests: Iterable[PackedManifest]) -> Iterable[tuple[GroupKind, bool]]:
    """Read the scopes of the kinds that CustomResourceDefinitions define."""
    for manifest in manifests:
        if manifest.ref.group_kind == _CRD:
            spec: Any = unpack(manifest.body).get("spec")
            names = spec.get("names") if isinstance(spec, dict) else None
            if isinstance(names, dict):
                kind = GroupKind(str(spec.get("group")), str(names.get("kind")))
                yield kind, spec.get("scope") == "Namespaced"


@dataclass(frozen=True, slots=True)
class Move:
    """What happened to the declaration that counts for one object; either side may be absent."""

    before: Declared | None
    after: Declared | None


Rank = tuple[int, int, str]
"""Where a root stands: the greatest counts where several declare one object."""


class DeclaredObjects:
    """Every root's declarations, and which of them count."""

    def __init__(self) -> None:
        self._rank: dict[str, Rank] = {}
        self._by_root: dict[str, dict[ObjectRef, Declared]] = {}
        self._claims: defaultdict[str, dict[ObjectRef, tuple[str, ...]]] = defaultdict(dict)
        self._kinds: Counter[tuple[str, GroupVersionKind]] = Counter()
        self._namespaces: Counter[tuple[str, str]] = Counter()
        self.contested: dict[ObjectRef, tuple[str, ...]] = {}
        """Objects that several roots declare, with the roots; the last one counts."""
        self._known_namespaces: dict[str, frozenset[str]] = {}

    def enrol(self, root: str, rank: Rank) -> None:
        """Take in a root, before anything is declared by it."""
        self._rank[root] = rank

    def put(self, root: str, objects: dict[ObjectRef, Declared]) -> dict[ObjectRef, Move]:
        """Replace all that a root declares; return what that changed of what counts."""
        old = self._by_root.get(root, {})
        touched = [
            ref for ref in old.keys() | objects.keys() if old.get(ref) is not objects.get(ref)
        ]
        before = {ref: self.get(ref) for ref in touched}
        self._by_root[root] = objects
        self._known_namespaces.clear()
        alone = (root,)
        for ref in touched:
            self._claim(ref, alone, is_held=ref in objects)
        moves = {ref: Move(before[ref], self.get(ref)) for ref in touched}
        for ref, move in moves.items():
            self._tally(ref, move.before, -1)
            self._tally(ref, move.after, 1)
        return {ref: move for ref, move in moves.items() if move.before is not move.after}

    def _claim(self, ref: ObjectRef, alone: tuple[str], *, is_held: bool) -> None:
        """Note whether a root declares an object. ``alone`` is its claim where no other root does."""
        claims = self._claims[ref.cluster]
        others = {*claims.get(ref, ())} - {*alone}
        roots = {*others, *alone} if is_held else others
        claims[ref] = tuple(sorted(roots, key=self._rank.__getitem__)) if others else alone
        if not roots:
            del claims[ref]
        self.contested.pop(ref, None)
        if len(roots) > 1:
            self.contested[ref] = claims[ref]

    def _tally(self, ref: ObjectRef, declared: Declared | None, step: int) -> None:
        if declared is not None:
            self._kinds[ref.cluster, declared.gvk] += step
            self._namespaces[ref.cluster, ref.namespace] += step

    def get(self, ref: ObjectRef) -> Declared | None:
        """The declaration of an object that counts."""
        claims = self._claims[ref.cluster].get(ref)
        return self._by_root[claims[-1]][ref] if claims else None

    def root_of(self, ref: ObjectRef) -> str | None:
        """The root whose declaration of an object counts."""
        claims = self._claims[ref.cluster].get(ref)
        return claims[-1] if claims else None

    def of(self, root: str) -> Mapping[ObjectRef, Declared]:
        """All that a root declares, whether it counts or not."""
        return self._by_root.get(root, {})

    def owned(self, root: str, kinds: frozenset[GroupKind]) -> tuple[ObjectRef, ...]:
        """The objects of some kinds that a root declares, whether its declaration counts or not."""
        return tuple(ref for ref in self.of(root) if ref.group_kind in kinds)

    def refs(self, cluster: str) -> tuple[ObjectRef, ...]:
        """Every object that is declared for a cluster."""
        return tuple(self._claims[cluster])

    def kinds(self, cluster: str) -> frozenset[GroupVersionKind]:
        """Every kind that is declared for a cluster, in each declared version."""
        return frozenset(gvk for (of, gvk), n in self._kinds.items() if of == cluster and n)

    def namespaces(self, cluster: str) -> frozenset[str]:
        """Every namespace in which something is declared for a cluster; asked for at every look."""
        known = self._known_namespaces.get(cluster)
        if known is None:
            tallies = self._namespaces.items()
            known = frozenset(name for (of, name), n in tallies if of == cluster and n and name)
            self._known_namespaces[cluster] = known
        return known
