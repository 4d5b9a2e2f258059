"""The elements of a list generator.

https://github.com/argoproj/argo-cd/blob/v3.6.1/applicationset/generators/list.go. It refuses what upstream
refuses: without Go templates, elements are texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.errors import ManifestError
from auditor.renderers.applicationset.fields import mappings
from auditor.renderers.applicationset.parameters import Params
from auditor.renderers.documents import read_documents


def elements(spec: Mapping[str, Any], *, nested: bool) -> Iterator[Params]:
    """Yield the elements, and those that ``elementsYaml`` spells out.

    Raises:
        ManifestError: one is not what an element may be.

    """
    for element in mappings(spec.get("elements"), "elements of a list generator"):
        yield dict(element) if nested else dict(_texts(element))
    text = spec.get("elementsYaml")
    if isinstance(text, str) and text:
        yield from _spelt(text)


def _texts(element: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in element.items():
        if key == "values" and isinstance(value, Mapping):
            yield from ((f"values.{name}", _text(name, each)) for name, each in value.items())
        else:
            yield key, _text(key, value)


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ManifestError(
            f"{key} of an element is no text, which is only understood with goTemplate: true. Quote it."
        )
    return value


def _spelt(text: str) -> Iterator[Params]:
    document = next(read_documents(text.encode(), "elementsYaml"), None)
    value = document.value if document else None
    if not isinstance(value, list | None) or not all(isinstance(one, dict) for one in value or ()):
        raise ManifestError("elementsYaml of a list generator is no list of mappings.")
    yield from value or ()
