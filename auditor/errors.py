"""Every error the auditor raises on purpose, as one tree.

The *class* says what the runtime does, the *fields* say what it is about:

    AuditorError
    ├── ConfigError            wrong configuration: stop, exit code 2
    ├── PluginError            unknown plugin, failed load or wrong options: stop, exit code 2
    ├── RetryableError         try again with backoff
    │   ├── SourceUnavailable
    │   │   ├── SourceRefused  the source answered, and said no
    │   │   └── ClusterUnasked what depends on the cluster's answer waits for it
    │   ├── WatchExpired       410 Gone: the source lists again
    │   ├── StoreUnavailable
    │   └── SinkUnavailable
    └── TerminalError          never retry this input: count it and go on
        ├── ManifestError      cannot be parsed or rendered
        └── DeliveryRejected   a sink refused for good: dead letter

Adapters translate third-party exceptions into this tree at their border. Nothing here is used for
normal control flow: that something could not be compared is a verdict, not an error.
"""

from __future__ import annotations


class AuditorError(Exception):
    """Root of everything raised on purpose."""


class ConfigError(AuditorError):
    """The configuration is wrong; the message names file, place and remedy."""


class PluginError(AuditorError):
    """A plugin is unknown, does not load, or was given options it does not take."""


class RetryableError(AuditorError):
    """The same work may succeed later.

    ``retry_after`` is what the other side asked for, in seconds, where it said so.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """Keep the waiting time that the other side asked for."""
        super().__init__(message)
        self.retry_after = retry_after


class SourceUnavailable(RetryableError):
    """A cluster or a repository cannot be reached now."""


class SourceRefused(SourceUnavailable):
    """A source answered, and said no. ``status`` is the HTTP status, 400 to 599 except 410."""

    def __init__(self, message: str, *, status: int, retry_after: float | None = None) -> None:
        """Keep the status, which decides what is known of the kind that was asked for."""
        super().__init__(message, retry_after=retry_after)
        self.status = status


class ClusterUnasked(SourceUnavailable):
    """Something depends on what a cluster says of itself, and it was not asked yet."""


class WatchExpired(RetryableError):
    """The API server no longer holds the resource version asked for (410 Gone)."""


class StoreUnavailable(RetryableError):
    """The ledger cannot be read or written now."""


class SinkUnavailable(RetryableError):
    """A sink cannot take announcements now."""


class TerminalError(AuditorError):
    """This input can never succeed."""


class ManifestError(TerminalError):
    """A declared document cannot be read.

    ``path`` and ``line`` (1-based) say where, as far as it is known.
    """

    def __init__(self, message: str, *, path: str | None = None, line: int | None = None) -> None:
        """Put the place in front of the message."""
        place = ":".join(str(part) for part in (path, line) if part is not None)
        super().__init__(f"{place}: {message}" if place else message)
        self.path = path
        self.line = line
        self.reason = message


class DeliveryRejected(TerminalError):
    """A sink refused one announcement for good; ``announcement_id`` says which."""

    def __init__(self, message: str, *, announcement_id: str) -> None:
        """Keep which announcement was refused."""
        super().__init__(message)
        self.announcement_id = announcement_id
