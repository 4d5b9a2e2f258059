"""Which commit declared what a finding is about, and when it was written.

Judging knows the commit that was rendered, which is the newest. People ask who declared this, so a
finding is told by the commit that last changed the declared fields, or the object where no field tells.
What nobody can tell keeps the rendered commit. It refuses to be asked about what is fine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from auditor.domain.difference import Op
from auditor.domain.fieldpath import FieldPath
from auditor.domain.finding import Finding, Outcome
from auditor.domain.history import Passage
from auditor.domain.manifest import Origin
from auditor.errors import SourceUnavailable
from auditor.ports import Repository
from auditor.telemetry.git import GitEvents

_REMEMBERED: Final = 10_000

Question = tuple[Origin, tuple[FieldPath, ...]]


class Provenance:
    """Looks up, and remembers, who declared what. Repositories go by the names that origins have."""

    def __init__(self, repositories: Iterable[Repository], events: GitEvents) -> None:
        self._repositories = {repository.name: repository for repository in repositories}
        self._events = events
        self._known: dict[Question, Origin] = {}

    async def attribute(self, outcome: Outcome) -> Outcome:
        """Name in every finding the commit that declared what it is about."""
        findings = [await self._attributed(finding) for finding in outcome.findings]
        return replace(outcome, findings=tuple(findings))

    async def _attributed(self, finding: Finding) -> Finding:
        if finding.origin is None:
            return finding
        question = finding.origin, declared_fields(finding)
        known = self._known.get(question)
        if known is None:
            known = await self._look_up(question)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[question] = known
        return replace(finding, origin=known)

    async def _look_up(self, question: Question) -> Origin:
        origin, fields = question
        repository = self._repositories.get(origin.repository)
        if repository is None:
            return origin
        passage = Passage(origin.path, origin.line, fields)
        try:
            info = await asyncio.to_thread(repository.last_change, origin.revision, passage)
        except SourceUnavailable as error:
            self._events.change_untraced(origin.repository, origin.path, str(error))
            return origin
        return replace(origin, revision=info.id, authored=info.authored)


def declared_fields(finding: Finding) -> tuple[FieldPath, ...]:
    """The fields of a finding that are declared: nobody declared what was added."""
    declared = (one for one in finding.differences if one.op is not Op.ADDED)
    return tuple(one.path for one in declared if one.path.segments)
