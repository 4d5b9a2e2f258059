"""Runs a recording again: same answers, same order, same times.

Frames are delivered one after the other. Before the next one, everything that the last one set off has
come to rest: so no two frames ever race each other, and every replay takes the same path. How it is
known that everything is at rest is for whoever plays (`settled`); how long a recorded second takes is for
the pace.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import assert_never

from auditor.errors import SourceUnavailable
from auditor.ports import Renderer
from auditor.recording.format import moments
from auditor.recording.frames import (
    Answer,
    Ended,
    Finish,
    Frame,
    GitFrame,
    Head,
    LetGo,
    Opened,
    Piece,
)
from auditor.recording.index import Index
from auditor.recording.pace import Pace
from auditor.recording.renderings import ReplayRenderer
from auditor.recording.replay_clock import ReplayClock
from auditor.recording.replay_repository import GitFacts, ReplayRepository
from auditor.recording.replay_transport import ReplayStream, ReplayTransport

Settled = Callable[[], Awaitable[None]]
"""Returns when nothing more will happen until another frame is delivered or time passes."""


class Player:
    """Plays one recording, once."""

    def __init__(self, path: Path) -> None:
        """Read the recording through.

        Raises:
            ConfigError: it cannot be read.

        """
        self._path = path
        self.index = Index.of(path)
        self.clock = ReplayClock(self.index.header.created)
        self._transports: dict[str, ReplayTransport] = {}
        self._repositories: dict[str, ReplayRepository] = {}
        self._streams: dict[int, ReplayStream] = {}

    def transport(self, cluster: str) -> ReplayTransport:
        """The API of one of the recorded clusters."""
        transport = ReplayTransport(cluster=cluster, known=self.index.requests)
        return self._transports.setdefault(cluster, transport)

    def repository(self, name: str) -> ReplayRepository:
        """One of the recorded repositories."""
        repository = ReplayRepository(self.index.git.get(name, GitFacts()), name=name)
        return self._repositories.setdefault(name, repository)

    def renderer(self, inner: Renderer) -> ReplayRenderer:
        """Something that renders as it was rendered while recording, where that is recorded."""
        return ReplayRenderer(inner, self.index.git, self.clock)

    async def play(self, settled: Settled, pace: Pace) -> None:
        """Deliver every frame at its time, up to the end."""
        await settled()
        for at, frame in moments(self._path):
            await self._pass_time(at / 1000, settled, pace)
            if self._deliver(frame):
                await settled()

    async def _pass_time(self, to: float, settled: Settled, pace: Pace) -> None:
        """Wake everybody who sleeps no longer than that, one after the other."""
        while (alarm := self.clock.next_alarm()) is not None and alarm <= to:
            await pace.reach(alarm)
            self.clock.move(alarm)
            await settled()
        await pace.reach(to)
        self.clock.move(to)

    def _deliver(self, frame: Frame) -> bool:
        """Tell whether anybody can have noticed."""
        if isinstance(frame, GitFrame | Finish):
            return False
        match frame:
            case Answer():
                self.transport(frame.cluster).answer(frame)
            case Opened():
                self._streams[frame.stream] = ReplayStream(frame)
                self.transport(frame.cluster).open(self._streams[frame.stream])
            case Piece() | Ended() | LetGo():
                self._feed(frame)
            case Head():
                self.repository(frame.repository).point(frame)
            case _ as never:
                assert_never(never)
        return True

    def _feed(self, frame: Piece | Ended | LetGo) -> None:
        stream = self._streams[frame.stream]
        match frame:
            case Piece():
                stream.put(frame.body)
            case Ended():
                stream.put(frame.failure.error if frame.failure else None)
            case LetGo():
                del self._streams[frame.stream]
                if frame.stream in self.index.left:
                    stream.put(SourceUnavailable("the stream was left here while recording"))
