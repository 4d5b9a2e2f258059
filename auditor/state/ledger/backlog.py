"""Counts what waits in the outbox, so that nobody has to ask the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from auditor.domain.finding import Announcement
from auditor.ports.delivery import Backlog
from auditor.state.ledger.rows import Swept


class BacklogCount:
    """The backlog as of the last commit."""

    def __init__(self, backlog: Backlog) -> None:
        self.now = backlog

    def grew(self, announcements: Sequence[Announcement]) -> None:
        """Take in what was committed; there is at least one."""
        depth = self.now.depth + len(announcements)
        oldest = self.now.oldest or announcements[0].transition.at
        self.now = replace(self.now, depth=depth, oldest=oldest)

    def swept(self, swept: Swept) -> None:
        """Take in what all sinks had taken."""
        self.now = replace(self.now, depth=self.now.depth - swept.gone, oldest=swept.oldest)

    def coalesced(self, swept: Swept) -> None:
        """Take in what was left out for later announcements."""
        self.swept(swept)
        self.now = replace(self.now, coalesced=self.now.coalesced + swept.gone)
