"""What users say about findings: what to ignore, how severe, how long to wait.

Rules are compiled once, when the configuration is read, and matched often. An ignore rule hides
differences and never objects, says why and until when, and is counted for what it hides; an expired one
hides nothing any more. This module refuses to find differences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Protocol

from auditor.domain.difference import REDACTED, Difference, Op
from auditor.domain.finding import Deviation, Severity, Suppression
from auditor.domain.identity import ObjectRef
from auditor.domain.pair import Pair
from auditor.domain.pathpattern import PathPattern
from auditor.domain.places import Places


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectMatch:
    """Globs over an object's identity, and labels that it must carry."""

    group: str = "*"
    kind: str = "*"
    namespace: str = "*"
    name: str = "*"
    labels: Mapping[str, str] = field(default_factory=dict)

    def matches(self, pair: Pair) -> bool:
        """Tell whether the pair's object is meant."""
        return self._names(pair.ref) and (not self.labels or self._labelled(pair))

    def _names(self, ref: ObjectRef) -> bool:
        return (
            fnmatchcase(ref.kind, self.kind)
            and fnmatchcase(ref.group, self.group)
            and fnmatchcase(ref.namespace, self.namespace)
            and fnmatchcase(ref.name, self.name)
        )

    def _labelled(self, pair: Pair) -> bool:
        manifest = pair.actual or pair.desired
        labels = manifest.metadata.get("labels") if manifest else None
        have = labels if isinstance(labels, dict) else {}
        return all(have.get(name) == value for name, value in self.labels.items())


class Objects(Protocol):
    """What tells which objects are meant."""

    def matches(self, pair: Pair) -> bool:
        """Tell whether the pair's object is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoreRule:
    """Differences that are known and accepted.

    ``path`` and the ones after it narrow the rule to some differences; a rule without any of them
    hides every deviation of the check ids in ``checks`` (all, if empty) on the objects it matches.
    ``places`` are several of which any will do.
    """

    name: str
    reason: str
    owner: str
    expires: datetime | None = None
    objects: Objects = field(default_factory=ObjectMatch)
    checks: frozenset[str] = frozenset()
    path: PathPattern | None = None
    writer: str | None = None
    value: re.Pattern[str] | None = None
    places: tuple[Places, ...] = ()

    def expired(self, at: datetime) -> bool:
        """Tell whether the rule's time is over."""
        return self.expires is not None and at >= self.expires

    @property
    def narrow(self) -> bool:
        """Whether the rule is about single differences."""
        return any((self.path, self.writer is not None, self.value, self.places))

    def covers(self, deviation: Deviation, pair: Pair) -> bool:
        """Tell whether the rule speaks of this deviation of this object at all."""
        named = not self.checks or deviation.check in self.checks
        return named and self.objects.matches(pair)

    def hides(self, difference: Difference, pair: Pair) -> bool:
        """Tell whether a covered deviation's difference is hidden."""
        if self.path is not None and not self.path.matches(difference.path):
            return False
        if self.places and not self._lies_there(difference, pair):
            return False
        if self.writer is not None:
            manager = difference.writer.manager if difference.writer else ""
            if not fnmatchcase(manager, self.writer):
                return False
        return self.value is None or self._value_fits(difference)

    def _lies_there(self, difference: Difference, pair: Pair) -> bool:
        side = pair.desired if difference.op is Op.REMOVED else pair.actual
        body = side.body if side else None
        return any(places.cover(difference.pointer, body) for places in self.places)

    def _value_fits(self, difference: Difference) -> bool:
        shown = (v for v in (difference.desired, difference.actual) if v is not None)
        return self.value is not None and any(
            self.value.search(str(value)) for value in shown if value != REDACTED
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityRule:
    """Sets the severity of what it matches; the first rule that matches wins."""

    severity: Severity
    objects: ObjectMatch = field(default_factory=ObjectMatch)
    checks: frozenset[str] = frozenset()
    path: PathPattern | None = None

    def matches(self, deviation: Deviation, pair: Pair) -> bool:
        """Tell whether the deviation's severity is set by this rule."""
        if (self.checks and deviation.check not in self.checks) or not self.objects.matches(pair):
            return False
        path = self.path
        return path is None or any(path.matches(d.path) for d in deviation.differences)


def _nobody(_pair: Pair) -> tuple[IgnoreRule, ...]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything that users configured about judging, and what the owners of objects say."""

    ignore: tuple[IgnoreRule, ...] = ()
    severity: tuple[SeverityRule, ...] = ()
    lagging_after: timedelta = timedelta(minutes=10)
    of_owner: Callable[[Pair], tuple[IgnoreRule, ...]] = _nobody

    def about(self, pair: Pair) -> Rules:
        """The rules for one object: those that its owner adds included."""
        added = self.of_owner(pair)
        return replace(self, ignore=(*self.ignore, *added)) if added else self

    terminating_after: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Sifted:
    """What is left of deviations after the ignore rules, and what they hid."""

    kept: tuple[Deviation, ...]
    suppressed: tuple[Suppression, ...]


def sift(deviations: Iterable[Deviation], pair: Pair, rules: Rules, *, at: datetime) -> Sifted:
    """Hide what ignore rules hide. A deviation that loses all its differences is gone."""
    live = [rule for rule in rules.ignore if not rule.expired(at)]
    kept: list[Deviation] = []
    hidden: list[Suppression] = []
    for deviation in deviations:
        covering = [rule for rule in live if rule.covers(deviation, pair)]
        left = _sift_one(deviation, pair, covering, hidden) if covering else deviation
        if left is not None:
            kept.append(left)
    return Sifted(tuple(kept), tuple(hidden))


def _sift_one(
    deviation: Deviation, pair: Pair, covering: list[IgnoreRule], hidden: list[Suppression]
) -> Deviation | None:
    whole = next((rule for rule in covering if not rule.narrow), None)
    if whole is not None:
        hidden += [_hidden(whole, deviation, d) for d in deviation.differences or (None,)]
        return None
    kept: list[Difference] = []
    for difference in deviation.differences:
        rule = next((rule for rule in covering if rule.hides(difference, pair)), None)
        if rule is None:
            kept.append(difference)
        else:
            hidden.append(_hidden(rule, deviation, difference))
    if deviation.differences and not kept:
        return None
    return replace(deviation, differences=tuple(kept))


def _hidden(rule: IgnoreRule, deviation: Deviation, difference: Difference | None) -> Suppression:
    return Suppression(
        rule=rule.name,
        check=deviation.check,
        difference=difference,
        reason=rule.reason,
        owner=rule.owner,
        expires=rule.expires,
    )
