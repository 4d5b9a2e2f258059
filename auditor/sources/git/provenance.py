"""Which commit declared what a finding is about, and when it was written.

Judging knows the commit that was rendered, which is the newest. People ask who declared this, so a
finding is told by the commit that last changed the declared fields, or the object where no field tells;
where an overlay or a values file says what a field is, by the place there.
What nobody can tell keeps the rendered commit. It refuses to be asked about what is fine.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from auditor.domain.difference import Op
from auditor.domain.fieldpath import FieldPath
from auditor.domain.finding import Finding, Outcome
from auditor.domain.history import Layers, Passage
from auditor.domain.manifest import Origin
from auditor.domain.remedies import placed
from auditor.errors import SourceUnavailable
from auditor.ports import Repository
from auditor.telemetry.git import GitEvents

_REMEMBERED: Final = 10_000
_MOMENT: Final = 0.1
"""Seconds that are looked up in a row."""

Question = tuple[Origin, tuple[FieldPath, ...], Layers | None]
LayersOf = Callable[[Finding, tuple[FieldPath, ...]], Layers | None]
"""Says what may say more of declared fields of a finding than the file that its object stands in."""


def of_one_file(_finding: Finding, _fields: tuple[FieldPath, ...]) -> None:
    """Say that nothing is laid over anything."""


class Provenance:
    """Looks up, and remembers, who declared what. Repositories go by the names that origins have."""

    def __init__(
        self,
        repositories: Iterable[Repository],
        events: GitEvents,
        layers_of: LayersOf = of_one_file,
    ) -> None:
        self._repositories = {repository.name: repository for repository in repositories}
        self._events = events
        self._layers_of = layers_of
        self._known: dict[Question, Origin] = {}

    async def attribute(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Name in every finding the commit that declared what it is about.

        What is not known yet is looked up for all of them together: a way into a thread and back takes longer
        than most answers.
        """
        questions = [[self._question(each) for each in outcome.findings] for outcome in outcomes]
        asked = dict.fromkeys(one for of in questions for one in of if one is not None)
        known = {one: self._known[one] for one in asked if one in self._known}
        while left := [one for one in asked if one not in known]:
            # File by file, because the text of the last one is still at hand.
            left.sort(key=lambda one: (one[0].repository, one[0].path))
            known |= await asyncio.to_thread(self._look_up, left)
        self._remember(known)
        return [
            _attributed(outcome, of, known) if of else outcome
            for outcome, of in zip(outcomes, questions, strict=True)
        ]

    def _question(self, finding: Finding) -> Question | None:
        if finding.origin is None:
            return None
        fields = declared_fields(finding)
        return finding.origin, fields, self._layers_of(finding, fields)

    def _remember(self, known: Mapping[Question, Origin]) -> None:
        if len(self._known) + len(known) > _REMEMBERED:
            self._known.clear()
        self._known |= {_without_files(one): origin for one, origin in known.items()}

    def _look_up(self, questions: Iterable[Question]) -> dict[Question, Origin]:
        """Answer at least one question, and no more than fit into a moment: nobody can end a thread."""
        answers, until = {}, time.monotonic() + _MOMENT
        for question in questions:
            answers[question] = self._declared(*question)
            if time.monotonic() > until:
                break
        return answers

    def _declared(
        self, origin: Origin, fields: tuple[FieldPath, ...], layers: Layers | None
    ) -> Origin:
        """Where the fields are said that changed last, and in which commit."""
        repository = self._repositories.get(origin.repository)
        if repository is None:
            return origin
        passage = Passage(origin.path, origin.line, fields, layers=layers)
        try:
            is_laid = layers is not None and bool(fields)
            places = repository.trace(origin.revision, passage) if is_laid else (passage,)
        except SourceUnavailable as error:
            self._events.change_untraced(origin.repository, origin.path, str(error))
            return origin
        found = [self._changed(repository, origin, place) for place in places]
        return max(found, key=lambda change: change[0])[1]

    def _changed(
        self, repository: Repository, rendered: Origin, place: Passage
    ) -> tuple[datetime, Origin]:
        """A place with the commit that last changed it, and when: the oldest time if nobody knows."""
        there = replace(rendered, path=place.path, line=place.line)
        try:
            info = repository.last_change(rendered.revision, place)
        except SourceUnavailable as error:
            self._events.change_untraced(rendered.repository, place.path, str(error))
            return datetime.min.replace(tzinfo=UTC), there
        return info.committed, replace(there, revision=info.id, authored=info.authored)


def _attributed(
    outcome: Outcome, questions: Sequence[Question | None], known: Mapping[Question, Origin]
) -> Outcome:
    """An outcome with the answers to the questions about its findings, in their order."""
    pairs = zip(outcome.findings, questions, strict=True)
    findings = (_told(one, asked, known[asked]) if asked else one for one, asked in pairs)
    return replace(outcome, findings=tuple(findings))


def _told(finding: Finding, question: Question, place: Origin) -> Finding:
    """A finding with the place that it is about, in what can be done as well."""
    told, _, layers = question
    remedies = placed(finding.remedies, told, place, layers)
    return replace(finding, origin=place, remedies=remedies)


def _without_files(question: Question) -> Question:
    """The same question in little space: it is equal, and remembered for long."""
    origin, fields, layers = question
    return origin, fields, replace(layers, files=()) if layers else None


def declared_fields(finding: Finding) -> tuple[FieldPath, ...]:
    """The fields of a finding that are declared: nobody declared what was added."""
    declared = (one for one in finding.differences if one.op is not Op.ADDED)
    return tuple(one.path for one in declared if one.path.segments)
