"""Carries what one reflector hears into the state, and names what changed.

While the kind is in doubt nothing is named: verdicts would be unknown anyway. Once it is certain, all of
its objects are named at once, whether they live, are only declared, or vanished meanwhile; and from then
on what changes is named as it comes, per piece of the stream. It refuses to know where pieces come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.pair import Doubt
from auditor.sources.kubernetes.decoding import Event, Item
from auditor.sources.kubernetes.link import Link
from auditor.sources.kubernetes.target import Target
from auditor.state.actual_kind import ActualKind

Notice = Callable[[Iterable[ObjectRef]], None]
"""Takes names of objects to look at; never blocks."""
Declared = Callable[[GroupKind], Iterable[ObjectRef]]
"""Names every declared object of a kind."""


class Intake:
    """The way from one reflector into the state."""

    def __init__(
        self, kind: ActualKind, target: Target, link: Link, *, notice: Notice, declared: Declared
    ) -> None:
        self._kind = kind
        self._target = target
        self._link = link
        self._notice = notice
        self._declared = declared
        self._news: list[ObjectRef] = []
        self._listing = 0

    @property
    def doubt(self) -> Doubt | None:
        """What stands between us and knowing the kind within the scope."""
        return self._kind.standings.doubt(self._target.namespace)

    def take(self, event: Event) -> None:
        """Note one object as it now is, or that it is gone."""
        metadata = event.metadata
        if event.type == "DELETED":
            ref = self._kind.delete(metadata.namespace, metadata.name)
        else:
            ref = self._kind.put(
                metadata.namespace,
                metadata.name,
                resource_version=metadata.resource_version,
                raw=event.raw,
            )
        if ref is not None:
            self._news.append(ref)

    def take_item(self, item: Item, limit: int) -> bool:
        """Note one object of a list; tell whether it was small enough to be held."""
        metadata = item.metadata
        if len(item.raw) > limit:
            self._news.append(self._kind.withhold(metadata.namespace, metadata.name))
            return False
        self.take(Event("ADDED", metadata, item.raw))
        return True

    def flush(self) -> None:
        """Name what changed since the last time, unless the kind is in doubt."""
        if self._news and self.doubt is None:
            self._notice(self._news)
            self._news = []

    def begin(self) -> None:
        """Begin a listing; what is known stays until it ends."""
        self._listing = self._kind.begin()

    def finish(self) -> int:
        """End a listing; return how many objects had vanished unseen, which are named too."""
        gone = self._kind.sweep(self._target.namespace, self._listing)
        self._news.extend(gone)
        self.flush()
        return len(gone)

    def settle(self, doubt: Doubt | None) -> None:
        """Note what is known of the kind; if that is news, all of its objects are named."""
        scope, link = self._target.namespace, self._link
        if not self._kind.standings.settle(scope, doubt, link.clock.now()):
            return
        link.events.kind_settled(link.cluster, str(self._target), doubt)
        held = self._kind.refs(scope or None)
        declared = self._declared(self._kind.gvk.group_kind)
        self._notice(dict.fromkeys([*held, *declared, *self._news]))
        if doubt is None:
            self._news = []
