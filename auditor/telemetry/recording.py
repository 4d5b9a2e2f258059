"""What happens to a recording while it is made."""

from __future__ import annotations

import structlog
from prometheus_client import CollectorRegistry, Counter

_log = structlog.get_logger("auditor.recording")


class RecordingEvents:
    """Events of the recorder."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._frames = Counter(
            "auditor_recorded_frames_total",
            "Frames written to the recording.",
            ["kind"],
            registry=registry,
        )
        self._withheld = Counter(
            "auditor_recording_withheld_total",
            "Contents that could not be read and are not in the recording.",
            registry=registry,
        )

    def frame_recorded(self, kind: str) -> None:
        """A frame is with the operating system."""
        self._frames.labels(kind).inc()

    def content_withheld(self, place: str, reason: str) -> None:
        """Something could not be searched for secrets, so it is not written."""
        self._withheld.inc()
        _log.info("recording_content_withheld", place=place, reason=reason)

    def recording_broken(self, reason: str) -> None:
        """The recording ends here; auditing goes on."""
        _log.error(
            "recording_broken",
            reason=reason,
            remedy="the file holds everything up to now; make room and record again",
        )
