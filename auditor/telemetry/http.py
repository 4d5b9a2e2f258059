"""What happens on the HTTP port."""

from __future__ import annotations

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

_log = structlog.get_logger("auditor.http")


class HttpEvents:
    """Events of the server: requests, webhooks, event streams."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "auditor_http_requests_total",
            "Requests answered.",
            ["route", "status"],
            registry=registry,
        )
        self._hooks = Counter(
            "auditor_hooks_total",
            "Webhooks received, by what became of them.",
            ["provider", "outcome"],
            registry=registry,
        )
        self._streams = Gauge(
            "auditor_event_streams", "Clients that listen to transitions.", registry=registry
        )
        self._dropped = Counter(
            "auditor_event_streams_dropped_total",
            "Clients let go because they read too slowly.",
            registry=registry,
        )

    def server_started(self, address: str) -> None:
        """The port is open."""
        _log.info("server_started", address=address)

    def server_stopped(self) -> None:
        """The port is closed."""
        _log.info("server_stopped")

    def request_answered(self, route: str, status: int) -> None:
        """A request got its answer. ``route`` is the pattern, never the path that was asked for."""
        self._requests.labels(route, str(status)).inc()

    def hook_received(
        self, provider: str, outcome: str, repositories: tuple[str, ...] = ()
    ) -> None:
        """A webhook was taken in, or turned away; ``outcome`` is of a closed set."""
        self._hooks.labels(provider, outcome).inc()
        _log.info("hook_received", provider=provider, outcome=outcome, repositories=repositories)

    def secret_unavailable(self, provider: str, error: str) -> None:
        """A webhook came in, and its secret could not be looked up; the error names the reference."""
        _log.error("hook_secret_unavailable", provider=provider, error=error)

    def alerts_received(self, status: str, count: int) -> None:
        """Alertmanager told of alerts; nothing is done about them."""
        _log.info("alerts_received", status=status, count=count)

    def stream_opened(self) -> None:
        """A client listens."""
        self._streams.inc()

    def stream_closed(self) -> None:
        """A client listens no more."""
        self._streams.dec()

    def stream_dropped(self) -> None:
        """A client read too slowly; it may come back and say what it saw last."""
        self._dropped.inc()
        _log.warning("stream_dropped")
