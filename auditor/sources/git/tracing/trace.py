"""From a passage to the places that say what its fields are declared to be.

An object stands in one file, and overlays and values in others say what becomes of it. It refuses to look
into files that did not go into the object.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from auditor.domain.fieldpath import FieldPath
from auditor.domain.history import Passage
from auditor.sources.git.extent import field_spans
from auditor.sources.git.tracing.charts import find_in_values
from auditor.sources.git.tracing.files import Files, Place
from auditor.sources.git.tracing.kustomizations import find_in_kustomizations
from auditor.sources.git.tracing.wanted import Wanted


def trace(of_commit: Files, passage: Passage) -> tuple[Passage, ...]:
    """Find the passages that say what the fields of a passage are: itself where none does. Blocks."""
    layers = passage.layers
    alone = replace(passage, layers=None)
    if layers is None or not passage.fields:
        return (alone,)
    owner = [layers.owner[0]] if layers.owner else []
    files = of_commit.only({passage.path, *layers.files, *owner})
    places: dict[FieldPath, tuple[Place, ...]] = {}
    for path, said in zip(passage.fields, layers.said, strict=True):
        wanted = Wanted(
            layers=layers, path=path, said=said, is_written=_is_written(passage, path, files)
        )
        if found := find_in_kustomizations(wanted, files) or find_in_values(
            passage.path, wanted, files
        ):
            places[path] = found
    left = tuple(path for path in passage.fields if path not in places)
    own = [path for path in left if _is_written(passage, path, files)]
    told = _gathered(chain.from_iterable(places.values()))
    return (*told, replace(alone, fields=left)) if own or not told else told


def _is_written(passage: Passage, path: FieldPath, files: Files) -> bool:
    """Tell whether the object has a field in its own file."""
    text = files.text(passage.path)
    if text is None or passage.line is None:
        return False
    return bool(field_spans(text, passage.line, (path,)))


def _gathered(places: Iterable[Place]) -> tuple[Passage, ...]:
    """One passage a file, in the order in which files were found."""
    by_path: dict[str, list[tuple[int, int]]] = {}
    for path, lines in dict.fromkeys(places):
        by_path.setdefault(path, []).extend([lines] if lines else [])
    return tuple(
        Passage(path, min((first for first, _ in spans), default=None), spans=tuple(spans))
        for path, spans in by_path.items()
    )
