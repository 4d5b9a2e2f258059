"""What happens between the API servers and the state: log lines and metrics of the cluster side.

Kinds are labels here because the kinds in use are configuration: what is declared, and what the
configuration names. Names of objects never are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from typing import Final

import prometheus_client as prometheus
import structlog

from auditor.domain.identity import GroupVersionKind
from auditor.domain.pair import Doubt

_log = structlog.get_logger("auditor.cluster")


_STANDINGS: Final = (
    None,
    Doubt.NOT_SYNCED,
    Doubt.STALE,
    Doubt.FORBIDDEN,
    Doubt.KIND_ABSENT,
    Doubt.VERSION_NOT_SERVED,
    Doubt.NOT_WATCHED,
)
"""What can be known of a whole kind; ``None``: everything."""


class Interruption(StrEnum):
    """Why a watch ended. A closed set: it is a metric label."""

    ENDED = "ended"
    """The server closed it in its time."""
    LOST = "lost"
    """The connection broke, or could not be made."""
    SILENT = "silent"
    """Nothing was heard for too long."""
    EXPIRED = "expired"
    """The server no longer knows where we were (410)."""
    REFUSED = "refused"
    """The server answered with an error."""
    UNREADABLE = "unreadable"
    """What came could not be read, or was too large."""


class ClusterEvents:
    """Events of all clusters; one instance for the whole process."""

    def __init__(self, registry: prometheus.CollectorRegistry) -> None:
        self._received = prometheus.Counter(
            "auditor_watch_events_total",
            "Changes received from API servers.",
            ["cluster", "kind"],
            registry=registry,
        )
        self._restarts = prometheus.Counter(
            "auditor_watch_restarts_total",
            "Watches that ended, and why.",
            ["cluster", "reason"],
            registry=registry,
        )
        self._lists = prometheus.Counter(
            "auditor_relists_total",
            "Times that a kind was listed whole.",
            ["cluster"],
            registry=registry,
        )
        self._oversized = prometheus.Counter(
            "auditor_oversized_events_total",
            "Events and objects too large to be read.",
            ["cluster"],
            registry=registry,
        )
        self._kinds = prometheus.Gauge(
            "auditor_kinds",
            "Watched kinds by what is known of them; synced, or the reason of doubt.",
            ["cluster", "standing"],
            registry=registry,
        )

        # Finding a series by its labels costs as much as reading an event, and this is done for each.
        self._received_of = cache(lambda cluster, gvk: self._received.labels(cluster, str(gvk)))

    def events_received(self, cluster: str, gvk: GroupVersionKind, count: int) -> None:
        """Changes of one kind came in."""
        self._received_of(cluster, gvk).inc(count)

    def watch_interrupted(
        self,
        cluster: str,
        target: str,
        reason: Interruption,
        *,
        error: Exception | None,
        pause: float,
    ) -> None:
        """A watch ended and begins again after a pause, in seconds."""
        self._restarts.labels(cluster, reason).inc()
        log = _log.debug if error is None else _log.warning
        log(
            "watch_interrupted",
            cluster=cluster,
            target=target,
            reason=str(reason),
            error=None if error is None else str(error),
            pause=round(pause, 1),
        )

    def kind_listed(self, cluster: str, target: str, *, vanished: int) -> None:
        """A kind was listed whole; so many objects had vanished unseen since the last time."""
        self._lists.labels(cluster).inc()
        _log.debug("kind_listed", cluster=cluster, target=target, vanished=vanished)

    def kind_settled(self, cluster: str, target: str, doubt: Doubt | None) -> None:
        """A kind became known, or unknown for a reason."""
        log = _log.debug if doubt is None else _log.warning
        log("kind_settled", cluster=cluster, target=target, standing=_standing(doubt))

    def kinds_counted(self, cluster: str, doubts: Iterable[Doubt | None]) -> None:
        """How many kinds are known, and how many are not, by reason."""
        counts = Counter(doubts)
        for doubt in _STANDINGS:
            self._kinds.labels(cluster, _standing(doubt)).set(counts[doubt])

    def event_oversized(self, cluster: str, target: str, size: int) -> None:
        """An event or an object was too large to be read."""
        self._oversized.labels(cluster).inc()
        _log.warning("event_oversized", cluster=cluster, target=target, size=size)

    def discovery_changed(self, cluster: str, kinds: int) -> None:
        """The cluster serves other kinds than before."""
        _log.info("discovery_changed", cluster=cluster, kinds=kinds)

    def discovery_failed(self, cluster: str, error: Exception, pause: float) -> None:
        """What the cluster serves could not be asked."""
        _log.warning("discovery_failed", cluster=cluster, error=str(error), pause=round(pause, 1))

    def schemas_failed(self, cluster: str, error: Exception) -> None:
        """The schemas could not be fetched; those at hand stay in use."""
        _log.warning("schemas_failed", cluster=cluster, error=str(error))


def _standing(doubt: Doubt | None) -> str:
    return "synced" if doubt is None else str(doubt)
