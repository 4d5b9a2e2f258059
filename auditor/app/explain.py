"""How the verdict of one object comes about, step by step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from auditor.app.scan import Audit, once, silently
from auditor.config.document import Configuration
from auditor.domain.belonging import owner_in
from auditor.domain.difference import Difference
from auditor.domain.finding import Deviation, Outcome, Suppression
from auditor.domain.identity import ObjectRef, parse_ref
from auditor.domain.manifest import Manifest
from auditor.domain.pair import Pair
from auditor.domain.reasoning import Reason
from auditor.domain.report import Explanation, Step
from auditor.errors import ConfigError
from auditor.plugins import PluginKind, installed, load_plugin
from auditor.ports import Explaining
from auditor.reports.wording import show_owner


async def explain(configuration: Configuration, text: str, cluster: str | None) -> Explanation:
    """Audit everything once, and tell how one object came to its verdict.

    Raises:
        ConfigError: the object or the cluster is not named as it must be.

    """
    ref = _parse(text, _cluster(configuration, cluster))
    async with once(configuration) as audit:
        await audit.look(silently)
        return _explanation(audit, ref)


def _cluster(configuration: Configuration, cluster: str | None) -> str:
    names = [choice.name for choice in configuration.clusters]
    if cluster in names:
        return str(cluster)
    if cluster is None and len(names) == 1:
        return names[0]
    raise ConfigError(f"--cluster: name one of {', '.join(names)}")


def _parse(text: str, cluster: str) -> ObjectRef:
    try:
        return parse_ref(text, cluster=cluster)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _explanation(audit: Audit, ref: ObjectRef) -> Explanation:
    judging = audit.graph.judging
    pair, at = judging.pair_of(ref), audit.now()
    outcome = judging.outcome(ref, at=at)
    deviations = tuple(judging.compare(pair)) if pair.doubt is None else ()
    steps = (
        Step(title="declared", facts=tuple(_declared(pair))),
        Step(title="alive", facts=tuple(_alive(pair))),
        Step(title="schema", facts=(_schema(pair),)),
        Step(title="compared", facts=tuple(_compared(pair, deviations))),
        Step(title="rules", facts=tuple(_ruled(outcome.suppressed)) or ("none applies",)),
        Step(title="judged", facts=tuple(_judged(outcome, at))),
    )
    ledger = audit.graph.knowledge.ledger
    found = tuple(t for t in ledger.open_findings() if t.finding.ref == ref)
    return Explanation(
        ref=ref,
        verdict=outcome.verdict,
        steps=steps,
        fields=tuple(_fields(pair, outcome.suppressed)) if pair.doubt is None else (),
        findings=found,
    )


def _fields(pair: Pair, suppressed: tuple[Suppression, ...]) -> Iterator[Reason]:
    """What the comparators that explain themselves say of each field, and which rule hid it."""
    hidden = {one.difference.path: one.rule for one in suppressed if one.difference}
    for plugin in installed(PluginKind.COMPARATOR):
        comparator = load_plugin(PluginKind.COMPARATOR, plugin.name)
        if isinstance(comparator, Explaining):
            for reason in comparator.reasons(pair):
                rule = "" if reason.expected else hidden.get(reason.path, "")
                yield replace(reason, rule=rule)


def _declared(pair: Pair) -> Iterator[str]:
    yield _origin(pair.desired) if pair.desired else "not declared"
    owner = owner_in(pair)
    if owner is not None:
        yield f"owned by {show_owner(owner)}"
    for earlier in pair.earlier:
        was = _origin(earlier.manifest) if earlier.manifest else "not declared"
        yield f"until {earlier.until:%Y-%m-%dT%H:%M:%SZ}: {was}"
    if pair.desired is None:
        yield f"its namespace {'is' if pair.governed else 'is not'} governed"


def _origin(manifest: Manifest) -> str:
    origin = manifest.origin
    if origin is None:
        return f"in {manifest.gvk.api_version}"
    line = f":{origin.line}" if origin.line else ""
    place = f"{origin.repository} {origin.revision[:12]} {origin.path}{line}"
    return f"{place}, in {manifest.gvk.api_version}"


def _alive(pair: Pair) -> Iterator[str]:
    if pair.doubt is not None:
        yield f"cannot be known: {pair.doubt}"
    if pair.actual is None:
        yield "does not live, as far as is known"
        return
    metadata = pair.actual.metadata
    yield f"in {pair.actual.gvk.api_version}, resource version {metadata.get('resourceVersion')}"
    for entry in metadata.get("managedFields") or ():
        how = entry.get("operation")
        below = f" through {entry['subresource']}" if entry.get("subresource") else ""
        yield f"written by {entry.get('manager')} ({how}{below}) at {entry.get('time', 'no time')}"
    if pair.scaler is not None:
        yield f"scaled by an autoscaler between {pair.scaler.minimum} and {pair.scaler.maximum}"


def _schema(pair: Pair) -> str:
    if pair.schema is None:
        return "none known: types are deduced, lists are compared in order"
    return "of the kind, as the cluster (or the built-in copy) has it"


def _compared(pair: Pair, deviations: tuple[Deviation, ...]) -> Iterator[str]:
    if pair.doubt is not None:
        yield "not compared"
    elif not deviations:
        yield "no deviation"
    for deviation in deviations:
        yield f"{deviation.check} {deviation.category}: {deviation.message}"
        yield from (_difference(difference) for difference in deviation.differences)


def _difference(difference: Difference) -> str:
    sides = f"{_short(difference.desired)} → {_short(difference.actual)}"
    writer = difference.writer
    if writer is None:
        return f"{difference.path} {difference.op}: {sides}, writer unknown"
    below = f" through {writer.subresource}" if writer.subresource else ""
    when = f" at {writer.time:%Y-%m-%dT%H:%M:%SZ}" if writer.time else ""
    who = f"{writer.manager} ({writer.operation}{below})"
    return f"{difference.path} {difference.op}: {sides}, by {who}{when}"


def _short(value: object) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:117]}…"  # noqa: PLR2004 - a line


def _ruled(suppressed: tuple[Suppression, ...]) -> Iterator[str]:
    for hidden in suppressed:
        what = str(hidden.difference.path) if hidden.difference else "all of it"
        yield f"{hidden.rule} hides {hidden.check}: {what}"


def _judged(outcome: Outcome, at: datetime) -> Iterator[str]:
    yield f"{outcome.verdict} at {at:%Y-%m-%dT%H:%M:%SZ}"
    for finding in outcome.findings:
        yield f"{finding.check} {finding.category}, {finding.severity}: {finding.message}"
    if outcome.look_again:
        yield f"to be looked at again at {outcome.look_again:%Y-%m-%dT%H:%M:%SZ}"
