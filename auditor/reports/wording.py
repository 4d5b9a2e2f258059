"""The words in which every report for people tells the same facts.

Values come from clusters, so whoever may write there could try to write to a terminal or a page as well:
control characters are spelled out. It refuses to lay anything out.
"""

from __future__ import annotations

import json
import unicodedata
from datetime import datetime
from typing import Any, Final

from auditor.domain.difference import REDACTED, Difference, Op, Writer
from auditor.domain.evidence import DryRun, Evidence
from auditor.domain.finding import TrackedFinding
from auditor.domain.manifest import Origin, Owner
from auditor.domain.report import Summary

_LONGEST: Final = 80
_USUAL_OWNERS: Final = {"", "Application", "Kustomization"}
_UNSEEN: Final = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Unicode categories that move a cursor, turn text around or cannot be seen."""


def is_safe(text: str) -> bool:
    """Whether a terminal shows a text instead of obeying it."""
    return not any(unicodedata.category(char) in _UNSEEN for char in text)


def safe(text: str) -> str:
    """Spell out, as JSON does, what a terminal would obey instead of show."""
    if is_safe(text):
        return text
    return "".join(char if is_safe(char) else json.dumps(char)[1:-1] for char in text)


def show_json(document: Any) -> str:
    """Write JSON, indented, in which nothing moves a cursor."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return "\n".join(safe(line) for line in text.split("\n")) + "\n"


def show_value(value: Any) -> str:
    """Write a value as JSON on one line, its end left out where it is long."""
    if value == REDACTED:
        return REDACTED
    text = safe(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}… ({len(text)} characters)"


_DRY_RUNS: Final = {
    DryRun.CONFIRMED: "confirmed by a dry run: applying the declaration would change it",
    DryRun.REFUTED: "not confirmed by a dry run: applying the declaration would leave it",
    DryRun.FAILED: "a dry run failed",
}


def show_evidence(evidence: Evidence) -> str:
    """Tell what the API server said when it was asked, and when."""
    return f"{_DRY_RUNS[evidence.dry_run]} ({show_time(evidence.at)})"


def show_path(difference: Difference) -> str:
    """Tell where; the root of an object is the object itself."""
    return safe(str(difference.path)) or "(the object itself)"


def show_difference(difference: Difference) -> str:
    """Tell both sides, desired first. Of a whole object only what happened to it is told."""
    if not difference.path.segments:
        return str(difference.op)
    if REDACTED in (difference.desired, difference.actual):
        return {Op.CHANGED: "changed", Op.ADDED: "added", Op.REMOVED: "removed"}[difference.op]
    if difference.op is Op.ADDED:
        return f"added: {show_value(difference.actual)}"
    if difference.op is Op.REMOVED:
        return f"removed: {show_value(difference.desired)}"
    return f"{show_value(difference.desired)} → {show_value(difference.actual)}"


def show_writer(writer: Writer | None) -> str:
    """Tell who wrote a field, and when."""
    if writer is None:
        return "writer unknown"
    through = f" ({safe(writer.subresource)})" if writer.subresource else ""
    when = f", {show_time(writer.time)}" if writer.time else ""
    return f"by {safe(writer.manager)}{through}{when}"


def show_time(time: datetime) -> str:
    """A moment, to the second, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%SZ")


def show_origin(origin: Origin) -> str:
    """Where something is declared, and since: ``platform apps/web.yaml:12 @ 1a2b3c4 of 2026-01-02 …``."""
    line = f":{origin.line}" if origin.line else ""
    revision = f" @ {safe(origin.revision[:7])}" if origin.revision else ""
    authored = f" of {show_time(origin.authored)}" if origin.authored else ""
    return f"{safe(origin.repository)} {safe(origin.path)}{line}{revision}{authored}"


def show_owner(owner: Owner) -> str:
    """Whose something is: ``argocd shop-prod (production), below ApplicationSet argocd/shop``.

    The owner's own kind is told where it is not the one that its tool mostly has.
    """
    above, kind = [_name_of(one) for one in owner.chain], ""
    if above and above[-1].endswith(f"/{owner.name.rpartition('/')[2]}"):
        kind = above.pop().partition(" ")[0]
    named = owner.name if kind in _USUAL_OWNERS else f"{kind} {owner.name}"
    where = f" ({owner.environment})" if owner.environment else ""
    below = "".join(f", below {one}" for one in reversed(above))
    return safe(f"{owner.tool} {named}{where}{below}")


def _name_of(reference: str) -> str:
    """``ApplicationSet argocd/shop`` for ``argoproj.io/ApplicationSet/argocd/shop``."""
    match reference.split("/"):
        case [_, kind, namespace, name]:
            return f"{kind} {namespace}/{name}"
    return reference


def show_object(tracked: TrackedFinding) -> str:
    """``apps/Deployment/shop/web``."""
    return safe(str(tracked.finding.ref))


def show_summary(summary: Summary) -> str:
    """Count objects by verdict; what is zero is left out."""
    counts = {
        "in sync": summary.in_sync,
        "drifted": summary.drifted,
        "pending": summary.pending,
        "unknown": summary.unknown,
    }
    shown = [f"{count} {name}" for name, count in counts.items() if count]
    return f"{count_of(summary.objects, 'object')}: {', '.join(shown) or 'none judged'}"


def count_of(number: int, noun: str) -> str:
    """``1 finding``, ``2 findings``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
