"""The API of a cluster, as it was recorded.

Answers are matched to requests by path and by what chooses their content, not by how they were asked for:
so a recording outlives changes in the auditor. Of several answers that wait for the same request the
latest counts, as it would for whoever asks late; streams are read one after the other, each to its end.
What was never asked while recording is refused as not found; what comes no more is waited for.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

from auditor.errors import RetryableError, SourceRefused
from auditor.recording.frames import Answer, Opened, selection

Request = tuple[str, str, str, str]
"""Cluster, path, the form that is asked for, and the parameters that choose."""


def request_of(frame: Answer | Opened) -> Request:
    """Tell what a recorded answer is an answer to."""
    return _request(frame.cluster, frame.path, frame.accept, frame.params)


def _request(cluster: str, path: str, accept: str, params: Mapping[str, str]) -> Request:
    chosen = sorted(selection(params).items())
    return cluster, path, accept, "&".join(f"{name}={value}" for name, value in chosen)


class ReplayStream:
    """One recorded stream: what came of it so far and was not read yet."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self._parts: asyncio.Queue[bytes | RetryableError | None] = asyncio.Queue()

    def put(self, part: bytes | RetryableError | None) -> None:
        """Add a piece, or the end. Bounded by the recording: the reader takes one before the next."""
        self._parts.put_nowait(part)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Read until the recorded end."""
        while (part := await self._parts.get()) is not None:
            if isinstance(part, RetryableError):
                raise part
            yield part


class ReplayTransport:
    """An `ApiTransport` that the player feeds."""

    def __init__(self, *, cluster: str, known: Collection[Request]) -> None:
        self._cluster = cluster
        self._known = known
        self._answers: dict[Request, asyncio.Queue[Answer]] = defaultdict(asyncio.Queue)
        self._streams: dict[Request, asyncio.Queue[ReplayStream]] = defaultdict(asyncio.Queue)

    def answer(self, answer: Answer) -> None:
        """Give the answer to whoever asks for it, now or later."""
        self._answers[request_of(answer)].put_nowait(answer)

    def open(self, stream: ReplayStream) -> None:
        """Give the stream to whoever asks for it, now or later."""
        self._streams[request_of(stream.opened)].put_nowait(stream)

    async def get(self, path: str, params: Mapping[str, str], *, accept: str) -> bytes:
        """Read one answer whole; see `auditor.ports.ApiTransport.get`."""
        answers = self._answers[self._request(path, params, accept)]
        answer = await answers.get()
        while not answers.empty():
            answer = answers.get_nowait()
        if answer.failure is not None:
            raise answer.failure.error
        return answer.body

    @asynccontextmanager
    async def stream(
        self, path: str, params: Mapping[str, str], *, accept: str
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open an answer without end; see `auditor.ports.ApiTransport.stream`."""
        stream = await self._streams[self._request(path, params, accept)].get()
        if stream.opened.failure is not None:
            raise stream.opened.failure.error
        yield stream.pieces()

    def _request(self, path: str, params: Mapping[str, str], accept: str) -> Request:
        request = _request(self._cluster, path, accept, params)
        if request not in self._known:
            raise SourceRefused(
                f"{path}: was not asked for while recording", status=HTTPStatus.NOT_FOUND
            )
        return request
