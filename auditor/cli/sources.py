"""Where the ``findings`` commands read: a running worker, or the ledger that it leaves.

Both give the same values, so that the commands print the same. It refuses to write.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote

import aiohttp
from pydantic import TypeAdapter

from auditor.domain.finding import State, TrackedFinding, Transition, TransitionKind
from auditor.domain.report import Report, Summary
from auditor.errors import AuditorError, SourceUnavailable
from auditor.http.queries import MOST, OF_FINDING, parse_query
from auditor.state.ledger.reader import LedgerReader
from auditor.wire.events import FindingEvent
from auditor.wire.finding import FindingDocument
from auditor.wire.report import ReportDocument
from auditor.wire.suppression import SuppressedDocument

_PATIENCE: Final = aiohttp.ClientTimeout(total=30)
_FOREVER: Final = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)
"""The worker sends a heartbeat every 15 seconds."""
_NOT_ONE: Final = {404, 409}
_ABSENT: Final = "there is no finding of this id"
_AMBIGUOUS: Final = "several findings' ids begin so; write more of it"
_LINE: Final = 8 * 1024 * 1024
"""Bytes of the longest line of the event stream; a finding is one line."""


class NoSuchFinding(AuditorError):
    """An id means no finding, or several."""


Filters = Sequence[tuple[str, str]]
"""Names of fields and the values wanted, as in a query string."""


@dataclass(frozen=True, slots=True)
class Step:
    """One transition of a finding, and when it was recorded."""

    transition: TransitionKind
    at: datetime


class FindingSource(Protocol):
    """What can be asked for findings."""

    async def report(self, filters: Filters) -> Report:
        """Every finding that fits, the worst first."""

    async def find(self, fingerprint: str) -> tuple[TrackedFinding, list[Step]]:
        """The one finding whose id begins so, with its history."""


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """A ledger on this machine; it may be in use."""

    path: Path

    async def report(self, filters: Filters) -> Report:
        """Read findings; the summary is zero, since verdicts are known to the worker alone.

        Raises:
            ConfigError: there is no ledger.
            StoreUnavailable: it cannot be read now.

        """
        query = parse_query(filters, OF_FINDING)
        states = query.wanted.get("state") or {State.OPEN}
        with LedgerReader(self.path) as reader:
            found = [one for state in State if state in states for one in reader.findings(state)]
        picked = query.pick(found, OF_FINDING)
        picked.sort(key=lambda tracked: (tracked.finding.severity.rank, tracked.first_seen))
        return Report(findings=tuple(picked[: query.limit]))

    async def find(self, fingerprint: str) -> tuple[TrackedFinding, list[Step]]:
        """Read one finding; raises as `report` does, and NoSuchFinding."""
        with LedgerReader(self.path) as reader:
            found = reader.find(fingerprint)
            if len(found) != 1:
                raise NoSuchFinding(_AMBIGUOUS if found else _ABSENT)
            history = [one.transition for one in reader.history(found[0].fingerprint)]
        return found[0], [Step(step.kind, step.at) for step in history]


@dataclass(frozen=True, slots=True)
class Server:
    """A running worker's HTTP API."""

    url: str

    async def report(self, filters: Filters) -> Report:
        """Ask for findings; what the worker is not ready for is among the report's problems.

        Raises:
            SourceUnavailable: nobody answers there, or something else does.

        """
        given = {name for name, _ in filters}
        limit = [] if "limit" in given else [("limit", str(MOST))]
        document = ReportDocument.model_validate(
            await self._get("/api/v1/findings", [*filters, *limit])
        )
        return Report(
            findings=tuple(finding.value() for finding in document.findings),
            summary=Summary(**document.summary.model_dump()),
            problems=tuple(await self._unmet()),
        )

    async def suppressed(self, filters: Filters) -> SuppressedDocument:
        """Ask what ignore rules hide; raises as `report` does."""
        answer = await self._get("/api/v1/suppressed", [*filters, ("limit", str(MOST))])
        return SuppressedDocument.model_validate(answer)

    async def find(self, fingerprint: str) -> tuple[TrackedFinding, list[Step]]:
        """Ask for one finding; raises as `report` does, and NoSuchFinding."""
        document = await self._get(f"/api/v1/findings/{quote(fingerprint, safe='')}", [])
        found = FindingDocument.model_validate(document).value()
        return found, TypeAdapter(list[Step]).validate_python(document.get("history", []))

    async def watch(self) -> AsyncIterator[Transition]:
        """Listen; raises as `report` does when the worker ends."""
        path = "/api/v1/events"
        async with (
            self._session(_FOREVER) as session,
            self._answer(session, path, []) as answer,
        ):
            async for line in answer.content:
                if line.startswith(b"data: {"):
                    yield _transition(line.removeprefix(b"data: "))
        raise SourceUnavailable(f"the worker at {self.url} has ended")

    async def _unmet(self) -> list[str]:
        """What the worker waits for: until then, the absence of findings proves nothing."""
        async with (
            self._session(_PATIENCE) as session,
            self._asked(session, "/readyz", []) as answer,
        ):
            conditions = (await answer.json())["conditions"]
        return [f"{one['name']}: {one['reason']}" for one in conditions if not one["met"]]

    async def _get(self, path: str, filters: Filters) -> Any:
        async with (
            self._session(_PATIENCE) as session,
            self._answer(session, path, filters) as answer,
        ):
            return await answer.json()

    def _session(self, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(self.url, timeout=timeout, read_bufsize=_LINE)

    @asynccontextmanager
    async def _answer(
        self, session: aiohttp.ClientSession, path: str, filters: Filters
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        async with self._asked(session, path, filters) as answer:
            if answer.status in _NOT_ONE:
                raise NoSuchFinding(await _complaint(answer))
            if not answer.ok:
                raise SourceUnavailable(await _complaint(answer))
            yield answer

    @asynccontextmanager
    async def _asked(
        self, session: aiohttp.ClientSession, path: str, filters: Filters
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            async with session.get(path, params=list(filters)) as answer:
                yield answer
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SourceUnavailable(
                f"no auditor answers at {self.url}: {str(error) or type(error).__name__}; "
                "is it running, and is this its http.listen?"
            ) from error


async def _complaint(answer: aiohttp.ClientResponse) -> str:
    try:
        document = await answer.json()
        return str(document["error"])
    except (aiohttp.ContentTypeError, ValueError, KeyError, TypeError):
        return f"{answer.url} answered {answer.status}; is an auditor there?"


def _transition(data: bytes) -> Transition:
    event = FindingEvent.model_validate_json(data)
    kind = TransitionKind(event.type.split(".")[-2])
    return Transition(kind=kind, tracked=event.data.value(), at=event.recordedtime)
