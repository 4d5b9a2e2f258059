"""The living objects of one cluster.

A kind may be watched in two API versions at once, because each declaration is compared in the version it
is written in; so objects are held by kind and version, and an object without a declaration is answered in
any version that is known for certain. Sources write here, the pipeline reads; it refuses to interpret.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from auditor.domain.identity import GroupKind, GroupVersionKind, ObjectRef
from auditor.domain.manifest import Manifest
from auditor.domain.pair import Doubt
from auditor.state.actual_kind import ActualKind, PartOfKind, always_whole
from auditor.state.packed import unpack


class ActualState:
    """What lives in one cluster, as far as it is known, and how far that is."""

    def __init__(self, cluster: str, *, part_of: PartOfKind = always_whole) -> None:
        self.cluster = cluster
        self._part_of = part_of
        self._kinds: dict[tuple[str, str], dict[str, ActualKind]] = {}

    @property
    def kinds(self) -> Mapping[GroupVersionKind, ActualKind]:
        """Every kind that is or should be known, by version."""
        return {kind.gvk: kind for versions in self._kinds.values() for kind in versions.values()}

    def kind(self, gvk: GroupVersionKind) -> ActualKind:
        """Where the objects of a kind are held in one version; made on first use."""
        versions = self._kinds.setdefault((gvk.group, gvk.kind), {})
        if gvk.version not in versions:
            part_of = self._part_of(gvk.group_kind)
            versions[gvk.version] = ActualKind(self.cluster, gvk, part_of=part_of)
        return versions[gvk.version]

    def forget(self, gvk: GroupVersionKind) -> None:
        """Let go of a kind in one version, with all its objects."""
        versions = self._kinds.get((gvk.group, gvk.kind), {})
        versions.pop(gvk.version, None)
        if not versions:
            self._kinds.pop((gvk.group, gvk.kind), None)

    def manifest(self, ref: ObjectRef, version: str | None = None) -> Manifest | None:
        """Decode one object, in one version or in any; ``None`` where none is held.

        Whether ``None`` means that there is no such object, `doubt` says.
        """
        for kind in self._candidates(ref, version):
            held = kind.get(ref.namespace, ref.name)
            if held is not None:
                return Manifest(ref=held.ref, version=kind.gvk.version, body=unpack(held.packed))
        return None

    def packed(self, ref: ObjectRef) -> bytes | None:
        """What `manifest` decodes: other bytes whenever the object was written anew."""
        held = (kind.get(ref.namespace, ref.name) for kind in self._candidates(ref, None))
        return next((found.packed for found in held if found is not None), None)

    def doubt(self, ref: ObjectRef, version: str | None = None) -> Doubt | None:
        """Say why nothing certain is known of an object, in one version or in any."""
        doubt: Doubt | None = Doubt.NOT_SYNCED
        for kind in self._candidates(ref, version):
            doubt = kind.doubt(ref.namespace, ref.name)
            if doubt is None:
                break
        return doubt

    def refs(self) -> Iterator[ObjectRef]:
        """Every object, once."""
        for versions in self._kinds.values():
            yield from _once(kind.refs() for kind in versions.values())

    def refs_in(self, namespace: str) -> Iterator[ObjectRef]:
        """Every object of one namespace, once."""
        for versions in self._kinds.values():
            yield from _once(kind.refs(namespace) for kind in versions.values())

    def refs_of(self, group_kind: GroupKind) -> Iterator[ObjectRef]:
        """Every object of one kind, once."""
        versions = self._kinds.get((group_kind.group, group_kind.kind), {})
        yield from _once(kind.refs() for kind in versions.values())

    def __len__(self) -> int:
        """Count the objects; one that is held in two versions counts twice."""
        return sum(len(kind) for versions in self._kinds.values() for kind in versions.values())

    def _candidates(self, ref: ObjectRef, version: str | None) -> Iterable[ActualKind]:
        """Where the object may be held, what is known for certain first."""
        versions = self._kinds.get((ref.group, ref.kind), {})
        if version is not None:
            return (versions[version],) if version in versions else ()
        if len(versions) < 2:  # noqa: PLR2004 - nothing to choose from
            return versions.values()
        return sorted(
            versions.values(), key=lambda kind: kind.doubt(ref.namespace, ref.name) is not None
        )


def _once(sources: Iterable[Iterator[ObjectRef]]) -> Iterable[ObjectRef]:
    found = list(sources)
    return found[0] if len(found) == 1 else {ref for refs in found for ref in refs}
