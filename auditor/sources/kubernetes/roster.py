"""Which reflectors run: started and stopped as declarations and CustomResourceDefinitions come and go.

It refuses to decide what to watch; it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from auditor.sources.kubernetes.reflector import Reflector
from auditor.sources.kubernetes.target import Target


class Roster:
    """The running reflectors of one cluster, each a task of the group that it is given."""

    def __init__(self, group: asyncio.TaskGroup, make: Callable[[Target], Reflector]) -> None:
        self._group = group
        self._make = make
        self._running: dict[Target, tuple[Reflector, asyncio.Task[None]]] = {}

    def keep(self, targets: Iterable[Target]) -> None:
        """Run exactly these; those in doubt try again, since something changed."""
        wanted = frozenset(targets)
        for reflector, _ in self._running.values():
            reflector.nudge()
        for target in frozenset(self._running) - wanted:
            self._running.pop(target)[1].cancel()
        for target in sorted(wanted - frozenset(self._running), key=str):
            reflector = self._make(target)
            task = self._group.create_task(reflector.run(), name=f"watch {target}")
            self._running[target] = (reflector, task)

    def review(self) -> None:
        """Let every reflector doubt or trust its state; see `Reflector.review`."""
        for reflector, _ in self._running.values():
            reflector.review()
