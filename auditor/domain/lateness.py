"""Of which other object it is told already that an object is late.

A controller that takes no turn leaves all its objects as they were. That is one cause and one finding, of the
owner that is behind or of the source that it takes from; the objects wait for it. This module refuses to
judge how long that may be.
"""

from __future__ import annotations

from datetime import datetime

from auditor.domain.gitops.argocd_progress import oversight_of
from auditor.domain.gitops.flux_progress import backlog_of, lapse_of
from auditor.domain.gitops.references import source_of
from auditor.domain.identity import ObjectRef
from auditor.domain.pair import Neighbour, Pair


def holds_back(pair: Pair, *, since: datetime) -> ObjectRef | None:
    """The object of which it is told why a pair's object is as it was declared before some moment."""
    appliers = filter(None, map(pair.neighbour, pair.appliers))
    return next((told for one in appliers if (told := _told_of(one, pair, since))), None)


def _told_of(applier: Neighbour, pair: Pair, since: datetime) -> ObjectRef | None:
    """What one applier waits for, if it may be with what Git moved at a moment."""
    if applier.actual is None:
        return None
    backlog = backlog_of(applier.actual, pair)
    oversight = oversight_of(applier.actual, applier.heads)
    if (backlog and backlog.reaches <= since) or (oversight and oversight.at <= since):
        return applier.ref
    wanted = source_of(applier.actual)
    source = pair.neighbour(wanted) if wanted else None
    lapse = lapse_of(source.actual, source.heads) if source and source.actual else None
    return source.ref if source and lapse and lapse.at <= since else None
