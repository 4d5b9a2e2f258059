"""Owners of which it is not known what they declare.

An object that carries the mark of such an owner is neither declared nor undeclared: nobody can say. It
refuses to say anything of objects without a mark.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest
from auditor.domain.marks import keepers_of


class UnknownOwners:
    """Owners that cannot be followed or whose content does not render, each with the reasons."""

    def __init__(self) -> None:
        self._reasons: dict[ObjectRef, tuple[str, ...]] = {}
        self._namespaces: dict[tuple[str, str], set[str | None]] = {}

    def replace(self, reasons: Mapping[ObjectRef, tuple[str, ...]]) -> frozenset[ObjectRef]:
        """Take in all of them anew; return those owners of which less or more is known than before."""
        before, self._reasons = self._reasons, dict(reasons)
        self._namespaces = {}
        for ref in reasons:
            self._namespaces.setdefault((ref.kind, ref.name), {None}).add(ref.namespace)
        return frozenset(before.keys() ^ reasons.keys())

    def reasons(self) -> Mapping[ObjectRef, tuple[str, ...]]:
        """Why what they declare is not known, by owner."""
        return self._reasons

    def keeps(self, actual: Manifest | None) -> bool:
        """Tell whether a living object carries the mark of one of them; quick where there is none."""
        if not self._namespaces or actual is None:
            return False
        return any(
            keeper.namespace in self._namespaces.get((keeper.kind, keeper.name), ())
            for keeper in keepers_of(actual)
        )
