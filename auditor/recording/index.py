"""What has to be known of a recording before it is played.

Facts about commits are asked for without waiting, so they are gathered first; so are the requests that the
recording can answer at all.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from auditor.recording.format import Header, moments, read_header
from auditor.recording.frames import (
    Answer,
    Finish,
    Frame,
    GitFrame,
    Opened,
)
from auditor.recording.replay_repository import GitFacts
from auditor.recording.replay_transport import Request, request_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A recording, read through.

    ``left`` are streams whose reader left them and came back for another. ``length`` is in seconds.
    """

    header: Header
    git: dict[str, GitFacts]
    requests: frozenset[Request]
    left: frozenset[int]
    length: float
    complete: bool

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read a recording through.

        Raises:
            ConfigError: it cannot be read.

        """
        survey = _Survey()
        header = read_header(path)
        for at, frame in moments(path):
            survey.take(at, frame)
        return cls(
            header=header,
            git=survey.git,
            requests=frozenset(survey.last),
            left=frozenset(survey.left),
            length=survey.end / 1000,
            complete=survey.complete,
        )


@dataclass(slots=True)
class _Survey:
    git: dict[str, GitFacts] = field(default_factory=lambda: defaultdict(GitFacts))
    last: dict[Request, int] = field(default_factory=dict)
    left: set[int] = field(default_factory=set)
    end: int = 0
    complete: bool = False

    def take(self, at: int, frame: Frame) -> None:
        self.end = at
        if isinstance(frame, GitFrame):
            self.git[frame.repository].learn(at, frame)
        match frame:
            case Answer():
                self.last.setdefault(request_of(frame), 0)
            case Opened():
                request = request_of(frame)
                self.left.add(self.last.get(request, 0))
                self.last[request] = frame.stream
            case Finish():
                self.complete = True
            case _:
                pass
