"""Fills every text of a value: of generators with what others yield, of templates for one Application.

Names of fields are filled too, as upstream does with the keys of maps:
https://github.com/argoproj/argo-cd/blob/v3.6.1/applicationset/utils/utils.go (deeplyReplace). It refuses to
know which fields there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from auditor.errors import ManifestError
from auditor.renderers.applicationset.parameters import Params
from auditor.renderers.applicationset.templates import Filled, Filling, Templates

MOST_TEXTS = 1_000_000
"""So many texts are filled for one ApplicationSet."""


async def fill_all(templates: Templates, value: Any, sets: Sequence[Params]) -> list[Any]:
    """Fill a value with each of several sets of parameters.

    Raises:
        ManifestError: a template cannot be filled.

    """
    texts = list(dict.fromkeys(_texts(value)))
    if len(texts) * len(sets) > MOST_TEXTS:
        raise ManifestError(
            f"more than {MOST_TEXTS:,} texts would have to be filled. Generate less."
        )
    answers = await templates.fill([Filling(params=params, texts=texts) for params in sets])
    return [
        _rebuilt(value, dict(zip(texts, map(checked, filled), strict=True))) for filled in answers
    ]


def checked(filled: Filled) -> str:
    """Return what was filled.

    Raises:
        ManifestError: it could not be.

    """
    if filled.error:
        raise ManifestError(f"a template cannot be filled: {filled.error}")
    return filled.text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _rebuilt(value: Any, filled: Mapping[str, str]) -> Any:
    """Put filled texts in place of templates. What is null in a mapping is gone, as upstream."""
    if isinstance(value, str):
        return filled[value]
    if isinstance(value, Mapping):
        kept = ((key, item) for key, item in value.items() if item is not None)
        return {filled[key]: _rebuilt(item, filled) for key, item in kept}
    return [_rebuilt(item, filled) for item in value] if isinstance(value, list) else value
