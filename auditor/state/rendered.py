"""Everything declared at one moment, and how it came about, for people to look at.

It refuses to be kept: what counts is the desired state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest
from auditor.ports import Remark, Skipped
from auditor.state.roots import Root


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedRoot:
    """One root, what it declares, and how that came about; ``failure`` says why it does not render."""

    root: Root
    manifests: tuple[Manifest, ...] = ()
    renderer: str = ""
    read: Mapping[str, str] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    remarks: tuple[Remark, ...] = ()
    seconds: float = 0.0
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedTree:
    """Everything declared: each root after the one that leads to it, and what cannot be known."""

    roots: tuple[RenderedRoot, ...]
    unknown: Mapping[ObjectRef, tuple[str, ...]]

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """Every object, where several roots declare it as the deepest one does."""
        objects = {manifest.ref: manifest for root in self.roots for manifest in root.manifests}
        return tuple(objects.values())
