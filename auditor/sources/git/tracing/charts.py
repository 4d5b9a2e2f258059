"""Where the values of a chart say what a field is declared to be.

The template's line of the field is read for the values that it prints; a value counts if the line printed
with it is the declared one, so nothing is guessed. The owner's own values come before values files, and
those before the chart's. It refuses to run templates: what they compute has no place but the template.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Final, NamedTuple

import yaml

from auditor.domain.fieldpath import Segment
from auditor.sources.git.fields import Field, field_at, items_of, text_at
from auditor.sources.git.tracing.files import Files, Place
from auditor.sources.git.tracing.owners import sources_of, spec_of
from auditor.sources.git.tracing.wanted import Wanted, made_of

_TEMPLATES: Final = "/templates/"
_SUBCHART: Final = re.compile(r"/charts/([^/]+)(?=/)")
_EXPRESSION: Final = re.compile(r"\{\{(.*?)\}\}")
_VALUE: Final = re.compile(r"(?<![\w)])\.Values((?:\.\w+)+)")
_WHOLE: Final = re.compile(r"\b(?:toYaml|with)\b")
_LONGEST: Final = 1_000
"""Characters of a template's line that is looked at."""
_MOST: Final = 500
"""So many lines that may print a field are looked at."""
_NEAR: Final = 2
"""Lines above and below a field's name on which its value may be printed whole."""

Way = tuple[Segment, ...]


class _Values(NamedTuple):
    """Values of one file.

    ``added`` leads from there to what the template calls its values, ``shift`` from the lines of ``root`` to
    those of the file.
    """

    path: str
    root: yaml.Node
    added: tuple[str, ...] = ()
    shift: int = 0

    def find(self, way: Way) -> Field | None:
        """Find a value as the template names it."""
        return field_at(self.root, (*self.added, *way))

    def place(self, found: Field) -> Place:
        """Say where in the file it stands."""
        first, last = found.lines
        return Place(self.path, (first + self.shift, last + self.shift))


class _Print(NamedTuple):
    """What a line of a template prints: ``text`` with expressions in it, of which each names values."""

    text: str
    rest: Way


def find_in_values(wanted: Wanted, files: Files) -> tuple[Place, ...]:
    """Find the places of the values that a template prints as a field: one for each part of it."""
    if _TEMPLATES not in f"/{wanted.file}" or wanted.said is None:
        return ()
    text = files.text(wanted.file) or ""
    values = list(_values(wanted, files))
    lines = [line if len(line) <= _LONGEST else "" for line in text.splitlines()]
    for printed in islice(_prints(lines, wanted.segments), _MOST):
        ways = _ways(printed, wanted.said)
        places = (_parameter(*way, wanted, files) or _find(values, *way) for way in ways)
        if found := tuple(place for place in places if place is not None):
            return found
    return ()


def _find(values: Sequence[_Values], way: Way, part: str) -> Place | None:
    for each in values:
        found = each.find(way)
        if found is not None and found.text == part:
            return each.place(found)
    return None


def _prints(lines: Sequence[str], segments: Way) -> Iterator[_Print]:
    """The lines that print a field, or something above it whole; the nearest first."""
    for depth in range(len(segments) - 1, -1, -1):
        name, rest = segments[depth], segments[depth + 1 :]
        if not isinstance(name, str):
            continue
        field = re.compile(rf"^\s*(?:- )?[\"']?{re.escape(name)}[\"']?:(?:\s+(.*?))?\s*$")
        for number, line in enumerate(lines):
            found = field.match(line)
            if found is None:
                continue
            if not rest:
                yield _Print((found[1] or "").strip().strip("\"'"), rest)
            near = lines[max(0, number - _NEAR) : number + _NEAR + 1]
            yield from (_Print(each, rest) for each in near if _WHOLE.search(each))


def _ways(printed: _Print, said: str) -> Iterator[tuple[Way, str]]:
    """Values that a line names, each with what it must be for the line to print what is declared."""
    if printed.rest or _WHOLE.search(printed.text):
        for names in _VALUE.findall(printed.text):
            yield (*names.strip(".").split("."), *printed.rest), said
        return
    parts = _EXPRESSION.split(printed.text)
    for expression, part in zip(parts[1::2], made_of(said, parts[::2]), strict=False):
        for names in _VALUE.findall(expression) if part else ():
            yield tuple(names.strip(".").split(".")), part


def _values(wanted: Wanted, files: Files) -> Iterator[_Values]:
    """All values that reach a template, those that win over others first."""
    charts = _charts(wanted.file, wanted.layers.base)
    chart, names = charts[0]
    yield from _owners(wanted, files, names)
    known = [each for each in wanted.layers.files if _holds_values(each)]

    def rank(file: str) -> tuple[bool, bool, str]:
        is_inside = file.startswith(f"{chart}/")
        return is_inside, posixpath.basename(file) == "values.yaml", file

    for file in sorted(known, key=rank):
        inside = (left for folder, left in reversed(charts) if file.startswith(f"{folder}/"))
        for document in files.documents(file)[:1]:
            yield _Values(file, document, next(inside, names))


def _charts(path: str, base: str) -> list[tuple[str, tuple[str, ...]]]:
    """The folders of a chart and its subcharts down to a template, with the names that lie below each."""
    folder = path.partition(_TEMPLATES)[0] if _TEMPLATES in path else ""
    begins = len(base) if folder.startswith(base) else len(folder)
    found = list(_SUBCHART.finditer(f"{folder}/", begins))
    names = tuple(each[1] for each in found)
    ends = [each.start() for each in found] + [len(folder)]
    return [(folder[:end], names[level:]) for level, end in enumerate(ends)]


def _holds_values(path: str) -> bool:
    name = posixpath.basename(path)
    is_yaml = name.endswith((".yaml", ".yml"))
    return (
        is_yaml
        and _TEMPLATES not in f"/{path}"
        and name not in ("Chart.yaml", "kustomization.yaml")
    )


def _owners(wanted: Wanted, files: Files, names: tuple[str, ...]) -> Iterator[_Values]:
    """Values that a HelmRelease or an Application has itself."""
    of_source = (
        sources_of(wanted.layers, files, "helm", each) for each in ("valuesObject", "values")
    )
    for path, found in chain(spec_of(wanted.layers, files, "values"), *of_source):
        if found.text is None:
            yield _Values(path, found.node, names)
        elif found.text_begins is not None:
            for inner in files.nodes(found.text)[:1]:
                yield _Values(path, inner, names, found.text_begins - 1)


def _parameter(way: Way, part: str, wanted: Wanted, files: Files) -> Place | None:
    """A value that an Application sets by its name."""
    for path, parameters in sources_of(wanted.layers, files, "helm", "parameters"):
        for parameter in items_of(parameters):
            is_meant = text_at(parameter.node, "name") == ".".join(map(str, way))
            if is_meant and text_at(parameter.node, "value") == part:
                return Place(path, parameter.lines)
    return None
