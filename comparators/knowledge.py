"""What the comparators know of the world, read from the data files beside them.

Which controllers write which fields, which objects need no declaration, how severe which difference is:
all of it is data that can be read, argued about and extended without touching code. It is read once,
when the package is imported. This module refuses to apply what it read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

from auditor.domain.finding import Severity
from auditor.domain.pathpattern import PathPattern, parse_pattern
from comparators.kinds import KindPatterns

_DATA: Final = files("comparators") / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownWriter:
    """Fields that somebody may write although nobody declared them.

    ``writers`` are patterns over field managers; ``group`` stands for people that have no list:
    ``controllers``, ``applier``, ``anybody``.
    """

    reason: str
    paths: tuple[PathPattern, ...]
    kinds: KindPatterns
    writers: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writers:
    """Everything known of who writes what. ``hands`` are the programs through which people act."""

    hands: tuple[str, ...]
    known: tuple[KnownWriter, ...]
    scalers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bystander:
    """Objects that need no declaration."""

    reason: str
    kinds: KindPatterns
    name: str = "*"
    namespace: str = "*"
    type: str = ""
    creator: str = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bystanders:
    """Everything that may live undeclared, and the kinds that never live."""

    undeclared: tuple[Bystander, ...]
    unstored: KindPatterns


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """How severe a difference at a place is; ``values`` narrows it to some written values."""

    severity: Severity
    reason: str
    paths: tuple[PathPattern, ...]
    kinds: KindPatterns
    ops: frozenset[str] = frozenset()
    values: tuple[Any, ...] = ()


@cache
def writers() -> Writers:
    """Who writes what."""
    data = _read("known_writers.yaml")
    return Writers(
        hands=tuple(data["hands"]),
        known=tuple(_known(entry) for entry in data["known"]),
        scalers=tuple(data["scalers"]),
    )


@cache
def bystanders() -> Bystanders:
    """What needs no declaration."""
    data = _read("bystanders.yaml")
    return Bystanders(
        undeclared=tuple(_bystander(entry) for entry in data["bystanders"]),
        unstored=KindPatterns(tuple(data["unstored"])),
    )


@cache
def weights() -> tuple[Weight, ...]:
    """How severe which difference is, the first that matches wins."""
    return tuple(_weight(entry) for entry in _read("severity.yaml")["weights"])


def _read(name: str) -> Any:
    return yaml.safe_load((_DATA / name).read_text(encoding="utf-8"))


def _known(entry: dict[str, Any]) -> KnownWriter:
    who = entry["writers"]
    return KnownWriter(
        reason=entry["reason"],
        paths=_patterns(entry),
        kinds=KindPatterns(tuple(entry.get("kinds", ()))),
        writers=() if isinstance(who, str) else tuple(who),
        group=who if isinstance(who, str) else "",
    )


def _bystander(entry: dict[str, Any]) -> Bystander:
    narrowed = {
        name: entry[name] for name in ("name", "namespace", "type", "creator") if name in entry
    }
    return Bystander(reason=entry["reason"], kinds=KindPatterns.of(entry["kind"]), **narrowed)


def _weight(entry: dict[str, Any]) -> Weight:
    return Weight(
        severity=Severity(entry["severity"]),
        reason=entry["reason"],
        paths=_patterns(entry),
        kinds=KindPatterns(tuple(entry.get("kinds", ()))),
        ops=frozenset(entry.get("ops", ())),
        values=tuple(entry.get("values", ())),
    )


def _patterns(entry: dict[str, Any]) -> tuple[PathPattern, ...]:
    return tuple(parse_pattern(path) for path in entry["paths"])
