"""Turns what pydantic says about a document into sentences that name place and remedy.

No sentence repeats a value from the document: it may be a secret in the wrong place.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from auditor.config.located import Place
from auditor.config.words import nearest


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong at one place of a document."""

    place: Place
    message: str

    def __str__(self) -> str:
        """Print ``sinks[0].options.topc: unknown field``."""
        return f"{spell(self.place)}: {self.message}" if self.place else self.message


def spell(place: Iterable[str | int]) -> str:
    """Write a place as people do: ``sinks[0].options.topic``."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def problems_of(
    error: ValidationError, model: type[BaseModel], document: Any, *, under: Place = ()
) -> list[Problem]:
    """Read what pydantic found when it validated a document, which was found ``under`` a place.

    Where a value may be one of several things, pydantic complains about each: they are told as one.
    """
    messages: dict[Place, list[str]] = {}
    for details in error.errors(include_url=False, include_input=False):
        if details["type"] in _ECHOES:
            continue
        place = _in_document(details, document)
        messages.setdefault(place, []).append(_message(details, model))
    return [
        Problem(under + place, " or ".join(dict.fromkeys(said)))
        for place, said in messages.items()
        if not (len(said) == 1 and said[0].startswith(_HALVES) and _others_below(place, messages))
    ]


def _in_document(details: ErrorDetails, document: Any) -> Place:
    """Drop the steps that pydantic adds for the arms of a union: they stand in no document."""
    kept: list[str | int] = []
    current = document
    for step in details["loc"]:
        if isinstance(current, Mapping) and step in current:
            current = current[str(step)]
        elif isinstance(current, list) and isinstance(step, int) and step < len(current):
            current = current[step]
        elif details["type"] != "missing":
            continue
        kept.append(step)
    return tuple(kept)


def _others_below(place: Place, places: Iterable[Place]) -> bool:
    return any(len(other) > len(place) and other[: len(place)] == place for other in places)


# --- messages --------------------------------------------------------------------------------------

_PLAIN: Final = {
    "missing": "required",
    "string_type": "must be text; put it in quotes",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "mapping_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must be lower-case letters, digits, dots and dashes",
}
_HALVES: Final = ("must be 'auto'", "must be a list", "must not be empty")
"""What is said of a list whose items are wrong; pointless beside what is said of the items."""
_ECHOES: Final = {"default_factory_not_called"}
"""What only follows from other errors."""


def _message(details: ErrorDetails, model: type[BaseModel]) -> str:
    kind, place = details["type"], details["loc"]
    if kind == "extra_forbidden":
        around = fields_at(model, place[:-1])
        return f"unknown field{nearest(str(place[-1]), around) or _known(around)}"
    if kind == "missing" and place == ("apiVersion",):
        return "required; write apiVersion: auditor/v1"
    if kind in {"literal_error", "enum"}:
        return f"must be {details['ctx']['expected']}"
    return _PLAIN.get(kind) or _decapitalised(details["msg"].removeprefix("Value error, "))


def _known(fields: list[str]) -> str:
    return f"; known here: {', '.join(fields)}" if fields else ""


def _decapitalised(text: str) -> str:
    return text.replace("Input should be", "must be", 1) if text.startswith("Input") else text


# --- the models behind a place ---------------------------------------------------------------------


def fields_at(model: type[BaseModel], place: Place) -> list[str]:
    """Names of the fields that a document may have at a place."""
    reached: list[Any] = [model]
    for step in place:
        reached = [further for current in reached for further in _descend(current, step)]
    return [name for current in reached for name in _fields(current)]


def _fields(kind: Any) -> list[str]:
    return (
        [info.alias or name for name, info in kind.model_fields.items()] if _is_model(kind) else []
    )


def _descend(kind: Any, step: str | int) -> list[Any]:
    """The types that stand one step below a type; a step that is no field stays where it is."""
    if _is_model(kind):
        for name, info in kind.model_fields.items():
            if step in {name, info.alias}:
                return _arms(info.annotation)
        return []
    arguments = [argument for argument in get_args(kind) if argument is not ...]
    return _arms(arguments[-1]) if arguments else []


def _arms(kind: Any) -> list[Any]:
    """What a type may be, looking through unions and annotations."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _arms(get_args(kind)[0])
    if origin in {Union, types.UnionType}:
        return [arm for argument in get_args(kind) for arm in _arms(argument)]
    return [kind]


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
