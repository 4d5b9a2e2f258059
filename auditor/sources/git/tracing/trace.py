"""From a passage to the places that say what its fields are declared to be.

An object stands in one file, and overlays and values in others say what becomes of it. It refuses to look
into files that did not go into the object.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from auditor.domain.fieldpath import FieldPath
from auditor.domain.history import Passage
from auditor.sources.git.extent import object_at
from auditor.sources.git.fields import field_at, text_at
from auditor.sources.git.tracing.charts import find_in_values
from auditor.sources.git.tracing.files import Files, Place
from auditor.sources.git.tracing.kustomizations import find_in_kustomizations
from auditor.sources.git.tracing.substitutes import find_in_substitutes
from auditor.sources.git.tracing.wanted import Wanted


def trace(of_commit: Files, passage: Passage) -> tuple[Passage, ...]:
    """Find the passages that say what the fields of a passage are: itself where none does. Blocks."""
    layers = passage.layers
    alone = replace(passage, layers=None)
    if layers is None or not passage.fields:
        return (alone,)
    owner = [layers.owner[0]] if layers.owner else []
    files = of_commit.only({passage.path, *layers.files, *owner})
    text = files.text(passage.path)
    body = object_at(text, passage.line) if text and passage.line is not None else None
    name = text_at(body, "metadata", "name") or text_at(body, "name") or ""
    told: list[Place] = []
    left: list[FieldPath] = []
    is_written = False
    for path, said in zip(passage.fields, layers.said, strict=True):
        own = field_at(body, path.segments)
        wanted = Wanted(
            file=passage.path, layers=layers, path=path, said=said, own=own, own_name=name
        )
        found = _find(wanted, files)
        told += found
        if not found:
            left.append(path)
            is_written |= own is not None
    places = _gathered(told)
    own_passage = replace(alone, fields=tuple(left))
    return (*places, own_passage) if is_written or not places else places


def _find(wanted: Wanted, files: Files) -> tuple[Place, ...]:
    return (
        find_in_kustomizations(wanted, files)
        or find_in_values(wanted, files)
        or find_in_substitutes(wanted, files)
    )


def _gathered(places: Iterable[Place]) -> tuple[Passage, ...]:
    """One passage a file, in the order in which files were found."""
    by_path: dict[str, list[tuple[int, int]]] = {}
    for path, lines in dict.fromkeys(places):
        by_path.setdefault(path, []).extend([lines] if lines else [])
    return tuple(
        Passage(path, min((first for first, _ in spans), default=None), spans=tuple(spans))
        for path, spans in by_path.items()
    )
