"""Writes down what passes, when it passes.

One recorder for the whole process; everything goes into the file in the order in which it was received. A
disk that is full ends the recording and nothing else. It refuses to hold frames back: what was not
written when the process is killed was not received either.
"""

from __future__ import annotations

import itertools
from types import TracebackType
from typing import Self

from auditor.ports import Clock
from auditor.recording.format import RecordingFile
from auditor.recording.frames import Finish, Frame
from auditor.recording.redactor import Redacted, Redactor
from auditor.telemetry.recording import RecordingEvents


class Recorder:
    """Dates, numbers and writes frames. A context manager: the key of its tokens ends with it."""

    def __init__(self, file: RecordingFile, clock: Clock, events: RecordingEvents) -> None:
        self.redactor = Redactor()
        self._file: RecordingFile | None = file
        self._clock = clock
        self._events = events
        self._started = clock.monotonic()
        self._streams = itertools.count(1)

    @property
    def next_stream(self) -> int:
        """A number that no other stream of this recording has."""
        return next(self._streams)

    def note(self, frame: Frame) -> None:
        """Write a frame; after the recording has ended this does nothing."""
        if self._file is None:
            return
        at = round((self._clock.monotonic() - self._started) * 1000)
        try:
            self._file.write(at, frame)
        except OSError as error:
            self._events.recording_broken(error.strerror or type(error).__name__)
            self._end()
        else:
            self._events.frame_recorded(str(frame.__struct_config__.tag))

    def withheld(self, redacted: Redacted, place: str) -> None:
        """Say that something is not in the recording, if so."""
        if redacted.withheld:
            self._events.content_withheld(place, redacted.withheld)

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """End the recording in order."""
        self.note(Finish())
        self._end()

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
