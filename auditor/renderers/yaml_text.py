"""Objects as YAML text, where it matters how Go writes it.

Flux substitutes variables in the text that ``sigs.k8s.io/yaml`` makes of an object, so it decides what a
value turns into whether the text around its variable is plain, quoted or a block. It refuses to be pretty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml
from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from auditor.renderers.scalars import resolve_plain

_END: Final = "...\n"
"""libyaml marks the document's end after a block that keeps its line breaks; Go does not."""
_BEYOND: Final = "\U00010000"
"""From here on Go's emitter escapes characters (github.com/yaml/go-yaml v2, is_printable)."""


def write_yaml(body: Mapping[str, Any]) -> str:
    """Write an object of JSON values as a block of YAML, keys in order."""
    text: str = yaml.emit(
        _document(body), Dumper=yaml.CSafeDumper, allow_unicode=True, width=80, indent=2
    )
    return text.removesuffix(_END) if text.endswith(f"\n{_END}") else text


def _document(body: Mapping[str, Any]) -> Iterator[Event]:
    yield StreamStartEvent()
    yield DocumentStartEvent(explicit=False)
    yield from _events(body)
    yield DocumentEndEvent(explicit=False)
    yield StreamEndEvent()


def _events(value: Any) -> Iterator[Event]:
    match value:
        case dict():
            yield MappingStartEvent(None, None, implicit=True, flow_style=not value)
            for key in sorted(value):
                yield _text(key)
                yield from _events(value[key])
            yield MappingEndEvent()
        case list():
            yield SequenceStartEvent(None, None, implicit=True, flow_style=not value)
            for item in value:
                yield from _events(item)
            yield SequenceEndEvent()
        case str():
            yield _text(value)
        case _:
            yield ScalarEvent(None, None, (True, True), json.dumps(value), style=None)


def _text(text: str) -> ScalarEvent:
    """Write a text as Go does: plain where it reads back as text, else in double quotes."""
    style = '"'
    if all(character < _BEYOND for character in text):
        is_text = resolve_plain(text) == text
        style = "|" if "\n" in text else "" if is_text else style
    return ScalarEvent(None, None, (True, True), text, style=style)
