"""What users say about findings, as they write it; compiled into the rules of the domain.

An ignore rule must say why it exists and whose it is: a rule that nobody can explain hides real drift.
It refuses to judge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainSerializer, WithJsonSchema
from pydantic import BeforeValidator as Before

from auditor.config.sections import Duration, Glob, Name, Section, one_or_many
from auditor.config.words import nearest
from auditor.domain.checks import BY_ID
from auditor.domain.finding import Severity
from auditor.domain.pathpattern import parse_pattern
from auditor.domain.rules import IgnoreRule, ObjectMatch, Rules, SeverityRule

# --- field types -----------------------------------------------------------------------------------


def _known_check(check: str) -> str:
    if check not in BY_ID:
        raise ValueError(
            f"no such check{nearest(check, BY_ID)}; `auditor schema config` lists them"
        )
    return check


def _path_pattern(text: str) -> str:
    parse_pattern(text)
    return text


def _regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return text


def _end(moment: object) -> object:
    """Take a bare date as its end in UTC: a rule that expires on a day is good on that day."""
    if isinstance(moment, str):
        moment = _parsed_moment(moment)
    if isinstance(moment, date) and not isinstance(moment, datetime):
        return datetime.combine(moment + timedelta(days=1), time(), UTC)
    if isinstance(moment, datetime):
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise ValueError("not a date; write 2026-12-31 or 2026-12-31T12:00:00Z")


def _parsed_moment(text: str) -> date:
    try:
        return date.fromisoformat(text) if len(text) <= len("2026-12-31") else _moment(text)
    except ValueError as error:
        raise ValueError("not a date; write 2026-12-31 or 2026-12-31T12:00:00Z") from error


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


CheckId = Annotated[
    str, AfterValidator(_known_check), WithJsonSchema({"type": "string", "enum": sorted(BY_ID)})
]
PathText = Annotated[str, AfterValidator(_path_pattern)]
RegularExpression = Annotated[str, AfterValidator(_regular_expression)]
Expiry = Annotated[
    datetime,
    Before(_end),
    PlainSerializer(datetime.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["2026-12-31", "2026-12-31T12:00:00Z"]}),
]


# --- rules -----------------------------------------------------------------------------------------


class Match(Section):
    """Which objects a rule is about. What is left out matches everything."""

    group: Glob = "*"
    """API group, as a shell pattern; "" is the core group."""

    kind: Glob = "*"
    """Kind, as a shell pattern."""

    namespace: Glob = "*"
    """Namespace, as a shell pattern; "" means cluster-scoped objects."""

    name: Glob = "*"
    """Object name, as a shell pattern."""

    selector: Mapping[str, str] = Field(default_factory=dict)
    """Labels that the object must carry, with exactly these values."""

    checks: Annotated[tuple[CheckId, ...], Before(one_or_many)] = ()
    """Ids of the checks that the rule is about. Default: all."""

    path: PathText | None = None
    """Which fields, as in spec.template.spec.containers[name=*].image, with * and ** as wildcards."""

    def matched(self) -> dict[str, Any]:
        """What ignore and severity rules have in common, in the words of the domain."""
        objects = ObjectMatch(
            group=self.group,
            kind=self.kind,
            namespace=self.namespace,
            name=self.name,
            labels=self.selector,
        )
        path = parse_pattern(self.path) if self.path else None
        return {"objects": objects, "checks": frozenset(self.checks), "path": path}


def _rule_id(fields: Mapping[str, Any]) -> str:
    """Name a rule after what it matches, so that its metric keeps its label when rules move."""
    parts = [fields.get(field) for field in ("group", "kind", "namespace", "name", "path")]
    text = "-".join(str(part) for part in parts if part and part != "*") or "everything"
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:63].rstrip("-.") or "ignore"


class Ignore(Match):
    """Differences that are known and accepted. An expired rule hides nothing and becomes a finding."""

    reason: str = Field(min_length=1)
    """Why these differences are accepted."""

    owner: str = Field(min_length=1)
    """Whose the rule is: a person or a team."""

    expires: Expiry | None = None
    """The last day on which the rule holds, or the moment when it ends."""

    writer: Glob | None = None
    """The field manager that wrote the difference, as a shell pattern."""

    value: RegularExpression | None = None
    """A regular expression that the desired or the actual value fits."""

    id: Name = Field(default_factory=_rule_id)
    """What the rule is called in metrics and explanations. Default: made of what it matches."""

    def compiled(self) -> IgnoreRule:
        """The same in the words of the domain."""
        return IgnoreRule(
            name=self.id,
            reason=self.reason,
            owner=self.owner,
            expires=self.expires,
            writer=self.writer,
            value=re.compile(self.value) if self.value else None,
            **self.matched(),
        )


class SeverityOverride(Match):
    """Sets the severity of findings. The first rule that matches wins."""

    severity: Severity
    """critical, high, medium, low or info."""

    def compiled(self) -> SeverityRule:
        """The same in the words of the domain."""
        return SeverityRule(severity=self.severity, **self.matched())


# --- how long to wait ------------------------------------------------------------------------------


class Lagging(Section):
    """When a cluster that has not followed Git is behind."""

    after: Duration = timedelta(minutes=10)
    """How long an object may be pending before it is a finding."""


class Terminating(Section):
    """When an object that is being deleted is stuck."""

    after: Duration = timedelta(minutes=10)
    """How long a declared object may be in deletion before it is a finding."""


class Contested(Section):
    """When somebody and something fight over an object: many openings become one finding."""

    openings: int = Field(default=5, ge=2)
    """How many times a finding opens within the window before it counts as contested."""

    window: Duration = timedelta(minutes=5)
    """The time in which openings are counted."""

    quiet: Duration = timedelta(minutes=5)
    """How long it must have been quiet before the contested finding is resolved."""


class Unmanaged(Section):
    """Which namespaces must hold nothing but what is declared."""

    enabled: bool = True
    """Look for objects that nobody declared."""

    namespaces: Literal["auto", "inhabited"] | tuple[Glob, ...] = "auto"
    """`auto`: every namespace that is itself declared; `inhabited`: every one in which anything is
    declared, save for kube-*; or shell patterns of namespace names."""


class RuleBook(Section):
    """What users say about findings."""

    ignore: tuple[Ignore, ...] = ()
    """Differences that are known and accepted."""

    severity: tuple[SeverityOverride, ...] = ()
    """Severities other than those of the catalogue; the first that matches wins."""

    lagging: Lagging = Lagging()
    """When a cluster that has not followed Git is behind."""

    contested: Contested = Contested()
    """When a flapping finding counts as contested."""

    unmanaged: Unmanaged = Unmanaged()
    """Which namespaces must hold nothing but what is declared."""

    terminating: Terminating = Terminating()
    """When an object that is being deleted is stuck."""

    def compiled(self) -> Rules:
        """The same in the words of the domain."""
        return Rules(
            ignore=tuple(rule.compiled() for rule in self.ignore),
            severity=tuple(rule.compiled() for rule in self.severity),
            lagging_after=self.lagging.after,
            terminating_after=self.terminating.after,
        )
