"""How parameters and templates of several generators become one.

Facts, all of argo-cd v3.6.1: https://github.com/argoproj/argo-cd/blob/v3.6.1/applicationset/generators/
(matrix.go, merge.go, generator_spec_processor.go), applicationset/utils/map.go, and
https://github.com/darccio/mergo/blob/v1.0.2/merge.go. It refuses to know where parameters come from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from auditor.errors import ManifestError
from auditor.renderers.applicationset.parameters import Listed, Params, Texts, text_of

_OPAQUE: Final = frozenset({"valuesObject"})
"""Fields of a template that upstream holds as bytes: they are taken whole."""


def overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> Params:
    """Lay one set of parameters over another; nested ones are merged, all else is replaced.

    Raises:
        ManifestError: the controller breaks on this.

    """
    if isinstance(below, Texts) and above and not isinstance(above, Texts):
        raise ManifestError(
            f"two generators both have {', '.join(sorted(above))} in one place, of which only one's must be "
            "texts, and Argo CD breaks on that. Rename one of the two."
        )
    result: dict[str, Any] = Texts(below) if isinstance(below, Texts) else dict(below)
    for key, value in above.items():
        under = result.get(key)
        is_both = isinstance(value, Mapping) and isinstance(under, Mapping)
        result[key] = overlaid(under or {}, value) if is_both else value
    return result


def combined(first: Mapping[str, Any], second: Mapping[str, Any]) -> Params:
    """Put two flat sets together, as texts.

    Raises:
        ManifestError: both have one name with different values.

    """
    result: Params = {key: text_of(value) for key, value in first.items()}
    for key, value in second.items():
        text = text_of(value)
        if result.setdefault(key, text) != text:
            raise ManifestError(
                f"both generators of a matrix have {key}, as {result[key]!r} and as {text!r}. "
                "Rename one, or set pathParamPrefix."
            )
    return result


def merged(keys: Sequence[str], sets: Sequence[Sequence[Params]], *, nested: bool) -> list[Params]:
    """Lay the sets of later generators over those of the first that have the same values of the keys.

    Raises:
        ManifestError: there is no key, or one generator has the same values twice.

    """
    if not keys:
        raise ManifestError("a merge generator has no mergeKeys. Name at least one parameter.")
    base = _by_keys(keys, sets[0])
    for others in sets[1:]:
        for values, params in _by_keys(keys, others).items():
            if values in base:
                lay = overlaid if nested else lambda below, above: {**below, **above}
                base[values] = lay(base[values], params)
    return list(base.values())


def _by_keys(keys: Sequence[str], sets: Sequence[Params]) -> dict[str, Params]:
    found: dict[str, Params] = {}
    for params in sets:
        values = json.dumps({key: params.get(key) for key in sorted(set(keys))}, sort_keys=True)
        if values in found:
            raise ManifestError(
                f"a generator of a merge has {values} twice. Choose mergeKeys that tell all sets apart."
            )
        found[values] = params
    return found


def filled_up(own: Any, general: Any) -> Any:
    """Take from the general template what a generator's own leaves empty."""
    if not isinstance(own, Mapping) or not isinstance(general, Mapping):
        return general if is_empty(own) else own
    result = dict(own)
    for key, value in general.items():
        is_whole = key in _OPAQUE and not is_empty(result.get(key))
        result[key] = result[key] if is_whole else filled_up(result.get(key), value)
    return result


def is_empty(value: Any) -> bool:
    """Tell what Go has a field at that was never set: nothing, no text, zero, false, no items."""
    return value is None or value in ("", 0) or (isinstance(value, Mapping | list) and not value)


def copied(value: Any) -> Any:
    """Copy a value, and what it is upstream."""
    if isinstance(value, Texts):
        return Texts(value)
    if isinstance(value, Mapping):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, Listed):
        return Listed(map(copied, value))
    return [copied(item) for item in value] if isinstance(value, list) else value
