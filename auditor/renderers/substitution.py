"""Variables substituted in objects after a build, as Flux's Kustomizations have it.

The text of an object is what is substituted in, not its values: a variable may turn a text into a number, a
list or two fields, and a value with a colon may break the object, here as there
(https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution). A variable
whose value nobody may know leaves `SEALED` in its place. It refuses to look values up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from auditor.domain.manifest import SEALED
from auditor.errors import ManifestError
from auditor.renderers.documents import Found, LeftOut, read_objects
from auditor.renderers.expansion import ExpansionError, expand
from auditor.renderers.yaml_text import write_yaml

SUBSTITUTE: Final = "kustomize.toolkit.fluxcd.io/substitute"
"""An object labelled or annotated ``disabled`` is left as it is."""
_NAME: Final = re.compile(r"[_A-Za-z][_A-Za-z0-9]*", re.ASCII)
_STAND_IN: Final = "\ue000sealed\ue000"
"""Stands for `SEALED` in YAML, which cannot hold it: private-use characters that need no quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """What is substituted: values by name, names of sealed ones, and what holds for all others.

    ``seals_others``: a variable that is neither may have a value all the same, so it is sealed.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    sealed: frozenset[str] = frozenset()
    seals_others: bool = False

    def check(self) -> None:
        """Refuse names that Flux refuses.

        Raises:
            ManifestError: a name is none.

        """
        for name in sorted((*self.values, *self.sealed)):
            if not _NAME.fullmatch(name):
                raise ManifestError(
                    f"{name!r} is no variable's name: Flux takes letters, digits and _, and no digit first."
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Substituted:
    """An object after substitution; names that were not set and became empty."""

    body: Mapping[str, Any]
    unset: frozenset[str] = frozenset()


def substitute(body: Mapping[str, Any], variables: Variables) -> Substituted:
    """Substitute variables in one object.

    Raises:
        ManifestError: the object is no template, or no object afterwards. Quotes nothing of it.

    """
    if _is_exempt(body) or not any("$" in text for _, text in _texts(body)):
        return Substituted(body=body)
    unset: set[str] = set()

    def value_of(name: str, is_tolerant: bool) -> str:  # noqa: FBT001 - the form of a lookup
        if name in variables.sealed:
            return _STAND_IN
        if name not in variables.values and variables.seals_others:
            return _STAND_IN
        if name not in variables.values and not is_tolerant:
            unset.add(name)
        return variables.values.get(name, "").replace("\n", "")

    try:
        text = expand(write_yaml(body), value_of, opaque=_STAND_IN)
    except ExpansionError as error:
        raise ManifestError(f"{_culprit(body)} {error}.") from error
    return Substituted(body=_sealed(_read(text)), unset=frozenset(unset))


def is_sealed(value: Any) -> bool:
    """Tell whether a text holds what nobody knows."""
    return isinstance(value, str) and SEALED in value


def _is_exempt(body: Mapping[str, Any]) -> bool:
    marks = (body["metadata"].get(field) or {} for field in ("labels", "annotations"))
    return any(isinstance(mark, dict) and mark.get(SUBSTITUTE) == "disabled" for mark in marks)


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of an object, keys too, and where it stands."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield path, key
            yield from _texts(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, f"{path}[{number}]")


def _culprit(body: Mapping[str, Any]) -> str:
    """Name the field whose text is no template."""
    for path, text in _texts(body):
        try:
            expand(text, lambda *_: "")
        except ExpansionError:
            return path
    return "the object"


def _read(text: str) -> dict[str, Any]:
    """Read what came of an object's text.

    Raises:
        ManifestError: it is no object any more.

    """
    try:
        parts = list(read_objects(text.encode("utf-8", "strict"), "after substitution"))
    except (ManifestError, UnicodeEncodeError) as error:
        problem = (
            error.reason if isinstance(error, ManifestError) else "a character was cut in two."
        )
        raise ManifestError(f"after its variables are substituted: {problem}") from error
    match parts:
        case [Found(body=body)]:
            return body
        case [LeftOut(reason=reason)]:
            raise ManifestError(f"after its variables are substituted, it {reason}.")
    raise ManifestError("after its variables are substituted, it is not one object.")


def _sealed(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace(_STAND_IN, SEALED)
    if isinstance(value, dict):
        return {_sealed(key): _sealed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_sealed(item) for item in value]
    return value
