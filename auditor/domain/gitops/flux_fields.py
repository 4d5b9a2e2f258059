"""Fields of Flux's objects, read from bodies that may hold anything.

What has another form than Flux's own schemas allow is read as if it were absent: the API server refuses such
an object, so nothing can come of it. This module refuses to know any kind of object.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest

SOURCES: Final = "source.toolkit.fluxcd.io"
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION: Final = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+", re.ASCII)
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)", re.ASCII)


def part(value: Any, *path: str) -> Mapping[str, Any]:
    """The mapping at a path of field names; empty where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def text(value: Any, *path: str) -> str:
    """The text at a path of field names; empty where there is none."""
    found = part(value, *path[:-1]).get(path[-1])
    return found if isinstance(found, str) else ""


def flag(value: Any, *path: str) -> bool:
    """Whether a field is true."""
    return part(value, *path[:-1]).get(path[-1]) is True


def entries(value: Any, *path: str) -> Iterator[Mapping[str, Any]]:
    """The mappings in the list at a path of field names."""
    return (entry for entry in _list(value, path) if isinstance(entry, Mapping))


def words(value: Any, *path: str) -> tuple[str, ...]:
    """The texts in the list at a path of field names."""
    return tuple(entry for entry in _list(value, path) if isinstance(entry, str))


def texts(value: Any, *path: str) -> dict[str, str]:
    """The texts in the mapping at a path of field names, by their keys."""
    return {key: each for key, each in part(value, *path).items() if isinstance(each, str)}


def _list(value: Any, path: tuple[str, ...]) -> list[Any]:
    found = part(value, *path[:-1]).get(path[-1])
    return found if isinstance(found, list) else []


def span(value: Any, *path: str) -> timedelta | None:
    """The duration at a path of field names, in the form that Flux's schemas allow: ``1h30m``."""
    written = text(value, *path)
    if not _DURATION.fullmatch(written):
        return None
    try:
        seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(written))
        return timedelta(seconds=seconds)
    except OverflowError:
        return None


def moment(value: Any, *path: str) -> datetime | None:
    """The time at a path of field names, as Kubernetes writes it (RFC 3339), with its zone."""
    try:
        found = datetime.fromisoformat(text(value, *path))
    except ValueError:
        return None
    return found if found.tzinfo else None


def clean(path: str) -> str:
    """A path below the root of a source, without ``./``, and without a way out: ``..`` ends at the root.

    https://pkg.go.dev/github.com/cyphar/filepath-securejoin is what Flux joins paths by.
    """
    return posixpath.normpath(f"/{path}").lstrip("/")


class Reference(NamedTuple):
    """An object that another one refers to. Prints ``GitRepository flux-system/app``."""

    kind: str
    namespace: str
    name: str

    @classmethod
    def read(cls, field: Mapping[str, Any], *, namespace: str) -> Reference:
        """Read a reference; without a namespace, it is to the given one."""
        return cls(text(field, "kind"), text(field, "namespace") or namespace, text(field, "name"))

    def within(self, owner: Manifest, group: str = SOURCES) -> ObjectRef:
        """The object that is meant, on the cluster of the one that refers to it."""
        return ObjectRef(owner.ref.cluster, group, self.kind, self.namespace, self.name)

    def __str__(self) -> str:
        """Name it for a person."""
        return f"{self.kind} {self.namespace}/{self.name}"
