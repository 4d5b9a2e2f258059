"""Where sources leave the names of what changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from auditor.domain.identity import ObjectRef
from auditor.pipeline.queue import RefQueue
from auditor.state.neighbours import Neighbourhood
from auditor.state.owners import Owners


class Notices:
    """Queues every name, and reads owners among them first: they decide what is ignored.

    With a name come those of objects that cannot be judged without it. ``listeners`` are told of every
    name besides. ``stirred`` is set when owners may lead to something else.
    """

    def __init__(self, queue: RefQueue, owners: Owners, neighbours: Neighbourhood) -> None:
        self.queue = queue
        self.owners = owners
        self.stirred = asyncio.Event()
        self.neighbours = neighbours
        self.listeners: list[Callable[[Iterable[ObjectRef]], None]] = []

    def add(self, refs: Iterable[ObjectRef]) -> None:
        """Take in names of objects that changed."""
        names = tuple(refs)
        self.owners.note(names)
        for listen in self.listeners:
            listen(names)
        self.queue.add(names)
        self.queue.add(self.neighbours.note(names))

    def reconsider(self, everything: Callable[[], Iterable[ObjectRef]]) -> None:
        """Look at everything again if owners want other things ignored than before."""
        if self.owners.take_changed():
            self.queue.add(everything())
