"""Where a patch says what a field is declared to be.

Both forms that kustomize knows: a part of the object, and operations on it (RFC 6902). It refuses to apply
them: the field must stand there with the declared value.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import yaml

from auditor.domain.fieldpath import Segment
from auditor.sources.git.fields import Field, field_at, is_meant, items_of, text_at
from auditor.sources.git.tracing.wanted import Wanted

_SETTING: Final = ("add", "replace")


def find_in_patch(
    documents: Iterable[yaml.Node], wanted: Wanted, *, is_aimed: bool
) -> tuple[int, int] | None:
    """Find the lines that set a field; ``is_aimed`` says that the patch is known to be for the object."""
    for document in documents:
        if isinstance(document, yaml.SequenceNode):
            found = _in_operations(document, wanted) if is_aimed else None
        else:
            found = _in_part(document, wanted, is_aimed=is_aimed)
        if found is not None:
            return found.lines
    return None


def _in_part(document: yaml.Node, wanted: Wanted, *, is_aimed: bool) -> Field | None:
    kind, name = text_at(document, "kind"), text_at(document, "metadata", "name")
    if not is_aimed and not (kind == wanted.kind and wanted.is_named(name)):
        return None
    found = field_at(document, wanted.segments)
    return found if wanted.is_said_by(found) else None


def _in_operations(document: yaml.Node, wanted: Wanted) -> Field | None:
    for operation in reversed(items_of(Field(1, document))):
        pointer, value = text_at(operation.node, "path"), field_at(operation.node, ("value",))
        if text_at(operation.node, "op") not in _SETTING or pointer is None or value is None:
            continue
        rest = _rest(pointer, wanted.segments, value)
        found = None if rest is None else field_at(value.node, rest)
        if wanted.is_said_by(found):
            return found if rest else operation
    return None


def _rest(pointer: str, segments: tuple[Segment, ...], value: Field) -> tuple[Segment, ...] | None:
    """What is left of a way below the target of a pointer (RFC 6901); ``None`` if it leads elsewhere."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    if len(steps) > len(segments):
        return None
    pairs = list(zip(steps, segments, strict=False))
    if not all(_leads(step, segment) for step, segment in pairs):
        return None
    rest = segments[len(steps) :]
    ends_at = pairs[-1][1] if pairs else ""
    is_item = isinstance(value.node, yaml.MappingNode) and not isinstance(ends_at, str)
    return None if is_item and rest and not is_meant(value.node, ends_at) else rest


def _leads(step: str, segment: Segment) -> bool:
    """Tell whether a step of a pointer may lead where a segment does; numbers may mean any item."""
    if isinstance(segment, str):
        return step == segment
    return step == "-" or step.isdecimal()
