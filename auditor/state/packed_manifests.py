"""What a renderer made, packed object by object.

A parsed tree takes ten times the JSON that it is packed to, so a renderer of many files packs each one's
objects before it parses the next: then a hundred thousand objects are never all unpacked at once. To whoever
reads them they are manifests like any others, each unpacked at the look. It refuses to keep what it unpacked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import eq
from typing import overload

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest, Origin, Owner
from auditor.state.packed import pack_body, read_head, unpack

Relocate = Callable[[Origin | None], Origin | None]
"""Tells the place of an object in another way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedManifest:
    """A `Manifest` with a packed body; the same body always packs to the same bytes."""

    ref: ObjectRef
    version: str
    body: bytes
    origin: Origin | None = None
    owner: Owner | None = None

    def unpack(self) -> Manifest:
        """Decode the body; each time it is another one."""
        return Manifest(
            ref=self.ref,
            version=self.version,
            body=unpack(self.body),
            origin=self.origin,
            owner=self.owner,
        )


def pack_manifest(manifest: Manifest) -> PackedManifest:
    """Pack a manifest. What many have in common (kind, namespace, version) is kept once."""
    ref = manifest.ref
    group, kind, namespace = map(sys.intern, (ref.group, ref.kind, ref.namespace))
    return PackedManifest(
        ref=ObjectRef(ref.cluster, group, kind, namespace, ref.name),
        version=sys.intern(manifest.version),
        body=pack_body(manifest.body),
        origin=manifest.origin,
        owner=manifest.owner,
    )


def packed_manifest_from(body: bytes, *, cluster: str, origin: Origin | None) -> PackedManifest:
    """Wrap a packed object, of which no more is read than what it is called.

    Raises:
        msgspec.DecodeError: the object lacks ``apiVersion``, ``kind`` or ``metadata.name``.

    """
    gvk, namespace, name = read_head(body)
    group, kind = sys.intern(gvk.group), sys.intern(gvk.kind)
    return PackedManifest(
        ref=ObjectRef(cluster, group, kind, sys.intern(namespace), name),
        version=sys.intern(gvk.version),
        body=body,
        origin=origin,
    )


class PackedManifests(Sequence[Manifest]):
    """Manifests in little space: equal to a tuple or list of equal manifests, and never changed."""

    __slots__ = ("packed",)

    def __init__(self, packed: Iterable[PackedManifest] = ()) -> None:
        self.packed = tuple(packed)

    def __len__(self) -> int:
        """Count them, unpacking none."""
        return len(self.packed)

    @overload
    def __getitem__(self, place: int) -> Manifest: ...

    @overload
    def __getitem__(self, place: slice) -> PackedManifests: ...

    def __getitem__(self, place: int | slice) -> Manifest | PackedManifests:
        """Unpack one, or take some, which stay packed."""
        if isinstance(place, slice):
            return PackedManifests(self.packed[place])
        return self.packed[place].unpack()

    def __iter__(self) -> Iterator[Manifest]:
        """Unpack one after the other."""
        return (each.unpack() for each in self.packed)

    def __eq__(self, other: object) -> bool:
        """Compare with packed manifests, or with any others in a tuple or list."""
        if isinstance(other, PackedManifests):
            return self.packed == other.packed
        if not isinstance(other, tuple | list):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]  # as unhashable as the bodies of manifests are

    def __repr__(self) -> str:
        """Say how many, and nothing of what is in them: they may be Secrets."""
        return f"<{len(self)} packed manifests>"


def pack_manifests(manifests: Iterable[Manifest]) -> PackedManifests:
    """Pack manifests as they come; what is packed already is left as it is."""
    if isinstance(manifests, PackedManifests):
        return manifests
    return PackedManifests(map(pack_manifest, manifests))


def relocated(manifests: Sequence[Manifest], relocate: Relocate) -> Sequence[Manifest]:
    """Tell other places of manifests, unpacking none that are packed."""
    if isinstance(manifests, PackedManifests):
        return PackedManifests(
            replace(each, origin=relocate(each.origin)) for each in manifests.packed
        )
    return tuple(replace(each, origin=relocate(each.origin)) for each in manifests)
