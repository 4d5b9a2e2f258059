"""What the owners of objects say should be ignored.

Applications, Kustomizations and HelmReleases are objects like others; what they say is read when they
change, and those of an object are looked up only where it deviates. A declared owner counts before the one
that lives: whoever changes only the living one has not said anything. It refuses to judge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from auditor.domain.exemptions import exemptions_of
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Body, Manifest
from auditor.domain.marks import Keeper, keepers_of
from auditor.domain.owner_rules import OWNER_KINDS, Said, said_by
from auditor.domain.pair import Pair
from auditor.domain.rules import IgnoreRule

_NAMES = frozenset(kind.kind for kind in OWNER_KINDS)


class Owners:
    """Rules by owner, and which of them are about an object.

    ``body_of`` gives an owner as it is now, ``complain`` is told what is not understood.
    """

    def __init__(
        self,
        body_of: Callable[[ObjectRef], Body | None],
        complain: Callable[[ObjectRef, str], None],
    ) -> None:
        self._body_of = body_of
        self._complain = complain
        self._said: dict[ObjectRef, Said] = {}
        self._by_name: defaultdict[tuple[str, str], set[ObjectRef]] = defaultdict(set)
        self._changed = False

    def note(self, refs: Iterable[ObjectRef]) -> None:
        """Read again those of some changed objects that are owners."""
        for ref in refs:
            if ref.kind in _NAMES and ref.group_kind in OWNER_KINDS:
                self._read(ref)

    def take_changed(self) -> bool:
        """Tell whether anything else is to be ignored than when this was asked last."""
        changed, self._changed = self._changed, False
        return changed

    def mark_changed(self) -> None:
        """Note that objects must be looked at again because of what is known of owners."""
        self._changed = True

    def unsupported(self) -> int:
        """How much of what owners say is not understood."""
        return sum(len(said.unsupported) for said in self._said.values())

    def rules_for(self, pair: Pair) -> tuple[IgnoreRule, ...]:
        """The rules about one object: its own, then its owner's."""
        own = exemptions_of(pair.desired) if pair.desired else ()
        marked = pair.actual or pair.desired
        if not self._said or marked is None:
            return own
        return (*own, *self._inherited(marked))

    def _inherited(self, marked: Manifest) -> Iterator[IgnoreRule]:
        for keeper in keepers_of(marked):
            owner = self.find(keeper, marked.ref.cluster)
            if owner is not None:
                yield from self._said[owner].rules

    def find(self, keeper: Keeper, cluster: str) -> ObjectRef | None:
        """Find an owner that an object on a cluster names, there first; of several that it could be, none."""
        named = [
            ref
            for ref in self._by_name.get((keeper.kind, keeper.name), ())
            if keeper.namespace in {None, ref.namespace}
        ]
        near = [ref for ref in named if ref.cluster == cluster] or named
        return near[0] if len(near) == 1 else None

    def _read(self, ref: ObjectRef) -> None:
        body = self._body_of(ref)
        said = said_by(ref, body) if body is not None else None
        before = self._said.get(ref)
        self._keep(ref, said)
        if (before or Said()).rules != (said or Said()).rules:
            self._changed = True
        if said and (before is None or said.unsupported != before.unsupported):
            for why in said.unsupported:
                self._complain(ref, why)

    def _keep(self, ref: ObjectRef, said: Said | None) -> None:
        names = self._by_name[ref.kind, ref.name]
        if said is None:
            self._said.pop(ref, None)
            names.discard(ref)
        else:
            self._said[ref] = said
            names.add(ref)
