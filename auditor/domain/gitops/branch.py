"""What one owner calls for: the words in which every tool's objects are understood.

A `Branch` is one thing to render; a `DeadEnd` says why something below an owner cannot be known. Both are
plain values, the same for every tool. This module refuses to know any tool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """Files of a repository, and where they appear in the tree that is rendered.

    ``url`` and ``revision`` are as the owner writes them, with the mark of `auditor.domain.history.RANGE`
    where it says that it is a range of versions; without a revision it is the default branch. An empty
    ``url`` means what the owner itself lies in, at the same revision. Files below the folder ``under``
    appear below the folder ``at``; empty: the root of either.
    """

    url: str = ""
    revision: str = ""
    under: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The cluster that something is declared for, as the owner names it.

    Both empty: the cluster that the owner itself is on.
    """

    name: str = ""
    server: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One thing that an owner has rendered.

    ``name`` tells apart the branches of one owner and is empty where there is one. ``files`` make up the
    tree in which ``path`` is rendered; where nothing of a repository is needed (a chart from a chart
    repository) there are none. ``mark`` is what the tool calls the owner on what it applies; empty: as
    is usual. ``namespace`` is what namespaced objects get that name none. ``interval`` is how often the
    tool itself looks. ``otherwise`` is what it is where its files are of no configured repository.
    """

    name: str = ""
    mark: str = ""
    files: tuple[Mount, ...] = (Mount(),)
    path: str = ""
    renderer: str = "auto"
    options: Mapping[str, Any] = field(default_factory=dict)
    namespace: str = ""
    destination: Destination = Destination()
    interval: timedelta | None = None
    otherwise: Branch | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadEnd:
    """Something below an owner that cannot be known, and why, in words for a person."""

    reason: str
    name: str = ""


class Surroundings(Protocol):
    """What an owner may refer to on its own cluster: declared, or else alive."""

    def find(self, ref: ObjectRef) -> Manifest | None:
        """One object; ``None`` where it is neither declared nor alive, or may not be looked at."""

    def all(self, kind: GroupKind) -> Iterator[Manifest]:
        """Every object of a kind, in the order of its names."""


Reader = Callable[[Manifest, Surroundings], Iterator[Branch | DeadEnd]]
"""Says what an owner calls for. Pure; never raises, whatever the owner's fields hold."""
