"""Decides what is watched: every declared kind in its declared version, and the kinds people tamper with.

Pure: declarations, what the cluster serves and what the configuration allows go in; what to watch, and
why the rest is not watched, come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from auditor.domain.identity import GroupKind, GroupVersionKind
from auditor.domain.pair import Doubt
from auditor.sources.kubernetes.target import Target
from auditor.state import scalers
from auditor.state.kinds import ServedKind, ServedKinds

_SECRETS: Final = GroupKind("", "Secret")
_RECORDS: Final = frozenset(
    {
        GroupKind("", "Event"),
        GroupKind("events.k8s.io", "Event"),
        GroupKind("coordination.k8s.io", "Lease"),
    }
)
"""What a cluster writes down about itself all the time; nobody declares it, so no pattern takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the configuration says about kinds.

    ``include`` and ``exclude`` are shell patterns of ``[group/]Kind`` for kinds that need no declaration
    to be watched; without a group the core group is meant. ``namespaces``: only these, where not empty.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    secrets: bool = False
    namespaces: tuple[str, ...] = ()

    def takes(self, group_kind: GroupKind) -> bool:
        """Tell whether a kind is watched even if nothing of it is declared."""
        name = str(group_kind)
        return (
            group_kind not in _RECORDS
            and self.allows(group_kind)
            and any(_matches(name, pattern) for pattern in self.include)
            and not any(_matches(name, pattern) for pattern in self.exclude)
        )

    def allows(self, group_kind: GroupKind) -> bool:
        """Tell whether a kind may be read at all."""
        return self.secrets or group_kind != _SECRETS


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to watch, and of the rest why not."""

    targets: frozenset[Target]
    doubts: Mapping[GroupVersionKind, Doubt] = field(default_factory=dict)

    def scopes(self, gvk: GroupVersionKind) -> frozenset[str]:
        """The namespaces in which a kind is watched; the empty one stands for all."""
        return frozenset(target.namespace for target in self.targets if target.gvk == gvk)


def make_plan(
    wanted: Iterable[GroupVersionKind], served: ServedKinds, selection: Selection
) -> Plan:
    """Plan for what is declared, served and selected."""
    wanted = frozenset(wanted)
    kinds: dict[GroupVersionKind, ServedKind] = {}
    doubts: dict[GroupVersionKind, Doubt] = {}
    for gvk in wanted:
        found = _find(gvk, served, selection)
        if isinstance(found, Doubt):
            doubts[gvk] = found
        else:
            kinds[gvk] = found
    for kind in _undeclared(frozenset(gvk.group_kind for gvk in kinds), served, selection):
        kinds[kind.gvk] = kind
    autoscalers = served.find(scalers.KIND)
    if autoscalers is not None:
        kinds[scalers.KIND] = autoscalers
    targets = (target for kind in kinds.values() for target in _targets(kind, selection))
    return Plan(targets=frozenset(targets), doubts=doubts)


def _find(gvk: GroupVersionKind, served: ServedKinds, selection: Selection) -> ServedKind | Doubt:
    kind = served.find(gvk)
    if not selection.allows(gvk.group_kind) or (kind is not None and not kind.watchable):
        return Doubt.NOT_WATCHED
    if kind is None:
        elsewhere = served.versions(gvk.group_kind)
        return Doubt.VERSION_NOT_SERVED if elsewhere else Doubt.KIND_ABSENT
    return kind


def _undeclared(
    declared: frozenset[GroupKind], served: ServedKinds, selection: Selection
) -> Iterable[ServedKind]:
    """Selected kinds that no declaration has brought in, each in the version the server prefers."""
    for group_kind in {kind.gvk.group_kind for kind in served} - declared:
        preferred = served.versions(group_kind)[0]
        if preferred.watchable and selection.takes(group_kind):
            yield preferred


def _targets(kind: ServedKind, selection: Selection) -> Iterable[Target]:
    namespaces = selection.namespaces if kind.namespaced else ()
    for namespace in namespaces or ("",):
        yield Target(gvk=kind.gvk, resource=kind.resource, namespace=namespace)


def _matches(name: str, pattern: str) -> bool:
    """A pattern without a group is of the core group, as a name without one is."""
    return ("/" in name) == ("/" in pattern) and fnmatchcase(name, pattern)
