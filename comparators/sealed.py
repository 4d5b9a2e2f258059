"""Values that are declared and that nobody here may know.

An encrypted value, or a variable that comes from a Secret, stands in a declaration as a text with a seal in
it. It is compared by being there, whatever it says; and since what lives in its place is the secret itself,
that is shown no more than the seal is. Merge keys are the exception: items are never told apart by a seal.
This module refuses to guess which values ought to have been sealed.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from auditor.domain.difference import REDACTED
from auditor.domain.fieldpath import FieldPath, Key, Member, Segment
from auditor.domain.manifest import SEALED, holds_seal

BECAUSE: Final = "declared as a value that is not known here: compared by being there"


def is_sealed(value: Any) -> bool:
    """Tell whether a declared value is a text of which a part is not known."""
    return isinstance(value, str) and SEALED in value


def is_sealed_inside(value: Any) -> bool:
    """Tell whether a text is the base64 form of one of which a part is not known."""
    try:
        return SEALED.encode() in b64decode(str(value))
    except (binascii.Error, ValueError):
        return False


def covers_seal(value: Any, segments: Sequence[Segment]) -> bool:
    """Tell whether what lives at a place may be what a seal in the declaration stands for.

    Items of a list without keys may have moved, so each stands for all; so do entries of a map, and items
    with a key, where a name or a key is sealed.
    """
    if is_sealed(value) or not segments:
        return holds_seal(value)
    first, below = segments[0], segments[1:]
    if isinstance(value, list):
        return any(_may_be(first, item) and covers_seal(item, below) for item in value)
    if not isinstance(value, Mapping):
        return False
    return any(map(is_sealed, value)) or covers_seal(value.get(first), below)


def _may_be(segment: Segment, item: Any) -> bool:
    if not isinstance(segment, Key) or not isinstance(item, Mapping):
        return True
    return all(
        item.get(name, known) == known or is_sealed(item[name]) for name, known in segment.pairs
    )


def veiled(value: Any) -> Any:
    """The same value, with `REDACTED` in the place of every sealed text."""
    if isinstance(value, Mapping):
        return {veiled(name): veiled(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [veiled(inner) for inner in value]
    return REDACTED if is_sealed(value) else value


def veiled_path(path: FieldPath) -> FieldPath:
    """The same path; where a step of it is sealed, `REDACTED` stands for it."""
    if not any(holds_seal(part) for segment in path.segments for part in _parts(segment)):
        return path
    return FieldPath(tuple(_veiled_segment(segment) for segment in path.segments))


def _parts(segment: Segment) -> Iterator[Any]:
    if isinstance(segment, Key):
        yield from (value for _, value in segment.pairs)
    else:
        yield segment.value if isinstance(segment, Member) else segment


def _veiled_segment(segment: Segment) -> Segment:
    if isinstance(segment, Key):
        return Key(tuple((name, veiled(value)) for name, value in segment.pairs))
    if isinstance(segment, Member):
        return Member(veiled(segment.value))
    return REDACTED if is_sealed(segment) else segment
