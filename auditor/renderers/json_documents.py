"""The documents of a JSON text, with the line of every object.

kubectl takes several documents in a row in one file, and so does this. It refuses keys that stand twice,
as the YAML side does, and it is bounded in depth; size and with it the number of values are bounded by
whoever reads the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from auditor.errors import ManifestError
from auditor.renderers.scalars import json_value
from auditor.renderers.yaml_documents import MAX_DEPTH, Document

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]\n]')
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_ITEMS: Final = '"items"'
_IN_ROOT: Final = 2
_TOO_DEEP: Final = f"Values nest deeper than {MAX_DEPTH} levels: flatten them."


def read_json(text: str, path: str) -> Iterator[Document]:
    """Read every document of a JSON text.

    Raises:
        ManifestError: the text is no JSON, a key stands twice, or it nests too deep.

    """
    place = _skip_space(text, 0)
    while place < len(text):
        line = text.count("\n", 0, place) + 1
        value, end = _decode(text, place, path)
        _refuse_half_characters(value, text[place:end], path, line)
        yield Document(
            value=value, line=line, lines=_item_lines(value, text[place:end], line, path)
        )
        place = _skip_space(text, end)


def _skip_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _decode(text: str, start: int, path: str) -> tuple[Any, int]:
    line = text.count("\n", 0, start) + 1
    try:
        return _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        reason = f"{error.msg} (column {error.colno}). Correct the JSON."
        raise ManifestError(reason, path=path, line=error.lineno) from error
    except RecursionError as error:
        raise ManifestError(_TOO_DEEP, path=path, line=line) from error
    except ValueError as error:
        raise ManifestError(
            f"In the document that begins here, {error}.", path=path, line=line
        ) from error


def _refuse_half_characters(value: Any, text: str, path: str, line: int) -> None:
    """Refuse a lone surrogate, which JSON can escape and no UTF-8 can hold."""
    try:
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        reason = "A \\u escape is half a character. Write both halves, or the character itself."
        raise ManifestError(reason, path=path, line=line) from error


def _item_lines(value: Any, text: str, line: int, path: str) -> dict[int, int]:
    """Find the line of every item of a List: of every ``{`` right in the array ``items``."""
    lines, nesting, key = [], [""], ""
    for part in _TOKEN.findall(text):
        if part == "\n":
            line += 1
        elif part in "{[":
            if nesting[1:] == ["{", _ITEMS]:
                lines.append(line)
            nesting.append(key if nesting[1:] == ["{"] and part == "[" else part)
        elif part in "}]":
            nesting.pop()
        elif len(nesting) == _IN_ROOT:
            key = part
        if len(nesting) > MAX_DEPTH:
            raise ManifestError(_TOO_DEEP, path=path, line=line)
    items = value.get("items") if isinstance(value, dict) else None
    return {id(item): at for item, at in zip(items or (), lines, strict=False)}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"key {twice!r} stands twice in one object: remove one of the two")
    return mapping


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON: quote it")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=lambda digits: json_value(int(digits)),
    parse_float=lambda digits: json_value(float(digits)),
    parse_constant=_refuse_constant,
)
