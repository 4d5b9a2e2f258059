"""Fields of Argo CD's objects, read from bodies that may hold anything.

An object in Git was checked by nobody yet. What has another form than Argo CD's own schema allows is told
by its place, because Argo CD would refuse the object and apply nothing of it. This module refuses to know
any particular field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Unknowable(ValueError):
    """What an owner says leads nowhere that can be known; the text tells a person why."""


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping of an object, and its place in it. A field that is null is as good as absent."""

    values: Mapping[str, Any]
    place: str

    def __contains__(self, name: str) -> bool:
        """Tell whether a field says anything."""
        return self.values.get(name) is not None

    def text(self, name: str) -> str:
        """A text; empty where there is none."""
        return self._read(name, str, "no text") or ""

    def flag(self, name: str) -> bool:
        """Whether a field is true."""
        return self._read(name, bool, "neither true nor false") or False

    def part(self, name: str) -> Fields:
        """A mapping; empty where there is none."""
        return Fields(self._read(name, dict, "no mapping") or {}, self._place(name))

    def parts(self, name: str) -> tuple[Fields, ...]:
        """A list of mappings."""
        found = tuple(
            Fields(each, f"{self._place(name)}[{number}]")
            for number, each in enumerate(self._list(name))
        )
        for each in found:
            if not isinstance(each.values, dict):
                raise Unknowable(f"{each.place} is no mapping")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        listed = self._list(name)
        if not all(isinstance(each, str) for each in listed):
            raise Unknowable(f"{self._place(name)} holds what is no text")
        return tuple(listed)

    def pairs(self, name: str) -> dict[str, str]:
        """Texts by their keys."""
        found = self.part(name)
        return {key: found.text(key) for key in found.values}

    def _place(self, name: str) -> str:
        return f"{self.place}.{name}".lstrip(".")

    def _list(self, name: str) -> list[Any]:
        return self._read(name, list, "no list") or []

    def _read(self, name: str, form: type[Any], otherwise: str) -> Any:
        value = self.values.get(name)
        if value is not None and not isinstance(value, form):
            raise Unknowable(f"{self._place(name)} is {otherwise}")
        return value
