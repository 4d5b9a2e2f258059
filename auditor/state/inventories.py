"""Which owner lists an object in its inventory, told from the object's side.

Asked for where an object that nobody declares bears no mark: it may have lost it. A hundred thousand objects
are listed somewhere, so only their hashes are held; whoever asks reads the inventory itself. It refuses to
know owners that are for another cluster: what they list lives there.

https://fluxcd.io/flux/components/kustomize/kustomizations/#inventory
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.domain.gitops.flux_fields import part
from auditor.domain.gitops.flux_inventory import parse_inventory
from auditor.domain.gitops.kinds import KUSTOMIZATION, RELEASE
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest

KINDS = frozenset(
    {
        KUSTOMIZATION,
        RELEASE,
    }
)
"""The kinds of owners that have an inventory."""


class Inventories:
    """Owners by what they list; of several that list one object, the one that was read last."""

    def __init__(self) -> None:
        self._listed: dict[ObjectRef, frozenset[int]] = {}
        self._owners: dict[int, ObjectRef] = {}

    def read(self, ref: ObjectRef, owner: Manifest | None) -> Iterator[ObjectRef]:
        """Take in an owner as it lives now; name what it lists that it did not list before."""
        here = owner is not None and not part(owner.body, "spec", "kubeConfig")
        listed = list(parse_inventory(owner.body, cluster=ref.cluster)) if owner and here else []
        before = self._listed.pop(ref, frozenset())
        now = frozenset(map(hash, listed))
        for gone in before - now:
            if self._owners.get(gone) == ref:
                del self._owners[gone]
        self._owners.update(dict.fromkeys(now, ref))
        if now:
            self._listed[ref] = now
        return (each for each in listed if hash(each) not in before)

    def owner_of(self, ref: ObjectRef) -> ObjectRef | None:
        """The owner that lists an object, very probably: its inventory says so for certain."""
        return self._owners.get(hash(ref))
