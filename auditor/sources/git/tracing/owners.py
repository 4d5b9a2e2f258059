"""What the object that calls for others says of them, in its own file.

A Flux Kustomization or HelmRelease says it in its ``spec``, an Argo CD Application in each of its sources:
https://argo-cd.readthedocs.io/en/stable/user-guide/multiple_sources/. It refuses to know what of it means
what.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from auditor.domain.history import Layers
from auditor.sources.git.fields import Field, field_at, items_of
from auditor.sources.git.tracing.files import Files


class Saying(NamedTuple):
    """Part of an owner, and the file that it stands in."""

    path: str
    field: Field


def spec_of(layers: Layers, files: Files, *way: str) -> Iterator[Saying]:
    """A field of the owner's ``spec``, or all of it; nothing where there is none."""
    found = field_at(files.object_at(layers.owner), ("spec", *way))
    if found is not None and layers.owner is not None:
        yield Saying(layers.owner[0], found)


def sources_of(layers: Layers, files: Files, *way: str) -> Iterator[Saying]:
    """A field of every source of an Application."""
    for path, spec in spec_of(layers, files):
        one = field_at(spec.node, ("source",))
        several = items_of(field_at(spec.node, ("sources",)))
        for source in (*([one] if one else ()), *several):
            found = field_at(source.node, way)
            if found is not None:
                yield Saying(path, found)
