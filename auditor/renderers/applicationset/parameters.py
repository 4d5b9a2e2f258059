"""Parameters that generators yield, and how Go sees and prints them.

The controller's parameters are Go values: numbers are floats, and some maps and lists are of texts alone,
which templates can tell. Those are types of their own here. It refuses to know generators.

Facts: https://github.com/argoproj/argo-cd/blob/v3.6.1/applicationset/utils/template_functions.go,
https://github.com/jeremywohl/flatten/blob/07e4a09fb8e4/flatten.go, https://pkg.go.dev/fmt.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

Params = dict[str, Any]
"""One set of parameters: with Go templates nested, else flat."""

_LONGEST_NAME: Final = 253
_NOT_IN_NAMES: Final = re.compile(r"[^-a-z0-9.]")
_LEAST_PLAIN: Final = -4
_LEAST_LARGE: Final = 6
_TEXTS_MARK: Final = "\0texts"
_LIST_MARK: Final = "\0list"


class Texts(dict[str, str]):
    """What is a ``map[string]string`` upstream: labels, annotations, values."""


class Listed(list[Any]):
    """What is a ``[]string`` or a list of maps upstream: segments of paths, clusters in one list."""


def normalize(name: str) -> str:
    """Make a name that Kubernetes takes, as the controller does."""
    return _NOT_IN_NAMES.sub("-", name.lower())[:_LONGEST_NAME].strip("-.")


def marked(value: Any) -> Any:
    """Write a value so that the program that fills Go templates can tell its types."""
    if isinstance(value, Texts):
        return {_TEXTS_MARK: dict(value)}
    if isinstance(value, Listed):
        return {_LIST_MARK: [marked(item) for item in value]}
    if isinstance(value, Mapping):
        return {key: marked(item) for key, item in value.items()}
    return [marked(item) for item in value] if isinstance(value, list) else value


def flatten(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Bring nested values to one level, with dots between names and indexes. What is empty is gone."""
    for key, value in params.items():
        yield from _flat(key, value)


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(f"{name}.{key}", item)
    elif isinstance(value, list) and not isinstance(value, Listed):
        for index, item in enumerate(value):
            yield from _flat(f"{name}.{index}", item)
    else:
        yield name, value


def text_of(value: Any) -> str:
    """Print a value as Go does with ``%v``."""
    match value:
        case str():
            return value
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return _number(float(value))
        case Mapping():
            return "map[" + " ".join(f"{k}:{text_of(value[k])}" for k in sorted(value)) + "]"
        case _:
            return "[" + " ".join(map(text_of, value)) + "]"


def _number(value: float) -> str:
    """Print like ``%v`` of a float64: the fewest digits, with an exponent below -4 and from 6 on."""
    if not math.isfinite(value):
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, "NaN")
    shortest = Decimal(repr(value)).normalize()
    sign, digits, _ = shortest.as_tuple()
    power = shortest.adjusted()
    if value == 0 or _LEAST_PLAIN <= power < _LEAST_LARGE:
        return format(shortest, "f")
    rest = "".join(map(str, digits[1:]))
    mantissa = f"{digits[0]}.{rest}" if rest else str(digits[0])
    return f"{'-' * sign}{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
