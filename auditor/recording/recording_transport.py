"""The API of a cluster, with a recorder listening."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from msgspec.structs import replace

from auditor.errors import RetryableError
from auditor.ports import ApiTransport
from auditor.recording.frames import Answer, Ended, Failure, LetGo, Opened, Piece, selection
from auditor.recording.recorder import Recorder


class RecordingTransport:
    """An `ApiTransport` that writes down what another one brings, and changes nothing of it."""

    def __init__(self, inner: ApiTransport, recorder: Recorder, *, cluster: str) -> None:
        self._inner = inner
        self._recorder = recorder
        self._cluster = cluster

    async def get(self, path: str, params: Mapping[str, str], *, accept: str) -> bytes:
        """Read one answer whole; see `auditor.ports.ApiTransport.get`."""
        asked = Answer(cluster=self._cluster, path=path, accept=accept, params=selection(params))
        try:
            body = await self._inner.get(path, params, accept=accept)
        except RetryableError as error:
            self._recorder.note(replace(asked, failure=Failure.of(error)))
            raise
        redacted = self._recorder.redactor.answer(path, body)
        self._recorder.withheld(redacted, f"{self._cluster}{path}")
        self._recorder.note(replace(asked, body=redacted.body))
        return body

    @asynccontextmanager
    async def stream(
        self, path: str, params: Mapping[str, str], *, accept: str
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open an answer without end; see `auditor.ports.ApiTransport.stream`."""
        opened = Opened(
            stream=self._recorder.next_stream,
            cluster=self._cluster,
            path=path,
            accept=accept,
            params=selection(params),
        )
        async with AsyncExitStack() as stack:
            try:
                pieces = await stack.enter_async_context(
                    self._inner.stream(path, params, accept=accept)
                )
            except RetryableError as error:
                self._recorder.note(replace(opened, failure=Failure.of(error)))
                raise
            self._recorder.note(opened)
            try:
                yield self._pass_on(pieces, opened)
            finally:
                self._recorder.note(LetGo(stream=opened.stream))

    async def _pass_on(self, pieces: AsyncIterator[bytes], opened: Opened) -> AsyncIterator[bytes]:
        unfinished = b""
        try:
            async for piece in pieces:
                whole, line_end, unfinished = (unfinished + piece).rpartition(b"\n")
                self._note_lines(whole + line_end, opened)
                yield piece
        except RetryableError as error:
            self._recorder.note(Ended(stream=opened.stream, failure=Failure.of(error)))
            raise
        self._recorder.note(Ended(stream=opened.stream))

    def _note_lines(self, lines: bytes, opened: Opened) -> None:
        if lines:
            body = self._recorder.redactor.lines(opened.path, lines)
            self._recorder.note(Piece(stream=opened.stream, body=body))
