"""The form of a file of golden cases.

A document is one case with whole objects, or a situation: a base object, and cases that change it by
JSON merge patches (https://www.rfc-editor.org/rfc/rfc7396). It refuses to judge.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, Field, TypeAdapter, model_validator

from auditor.config.rules import CheckId, RuleBook
from auditor.config.sections import Section
from auditor.domain.difference import Op
from auditor.domain.finding import Category, Severity
from auditor.domain.pathtext import parse_path

Object = dict[str, Any]


def _plain(body: Object | None) -> Object | None:
    """Refuse what YAML reads and JSON has not."""
    _refuse_dates(body, "")
    return body


def _refuse_dates(value: Any, place: str) -> None:
    if isinstance(value, date | bytes):
        raise ValueError(f"{place.removeprefix('.')} is no JSON value; put it in quotes")  # noqa: TRY004 - pydantic
    listed = dict(enumerate(value)) if isinstance(value, list) else value
    for name, inner in listed.items() if isinstance(listed, dict) else ():
        _refuse_dates(inner, f"{place}.{name}")


def _path(text: str) -> str:
    parse_path(text)
    return text


Body = Annotated[Object | None, AfterValidator(_plain)]
"""A whole object; with a base, a JSON merge patch. ``null``: there is none."""

PathText = Annotated[str, AfterValidator(_path)]


# --- the two sides ---------------------------------------------------------------------------------


class FieldsOf(Section):
    """Who wrote which fields: short for an entry of managedFields."""

    manager: str
    """The field manager."""

    fields: tuple[str, ...]
    """The fields, step by step as managedFields have them: `f:spec f:replicas`."""

    operation: str = "Update"
    """Update or Apply."""

    subresource: str | None = None
    """The subresource through which it was written, such as scale."""

    time: AwareDatetime | None = None
    """When."""


class Scaling(Section):
    """An autoscaler that targets the object."""

    minimum: int
    """The fewest replicas."""

    maximum: int
    """The most replicas."""

    declared: bool = True
    """Whether the autoscaler stands in Git itself."""


class Earlier(Section):
    """What was declared before."""

    desired: Body = Field(default_factory=dict)
    """The object as it was declared; null where it was not. With a base, a patch of that."""

    until: AwareDatetime
    """Until when."""


# --- what must be said -----------------------------------------------------------------------------


class ExpectedDifference(Section):
    """One difference. A writer that is left out must not be recorded."""

    path: PathText
    """Where, as findings print it. Empty: the whole object."""

    op: Op
    """changed, removed or added."""

    writer: str | None = None
    """The field manager that must be named. Left out: none may be."""


class ExpectedFinding(Section):
    """One finding. What is left out is not compared, save within a difference."""

    check: CheckId
    """The check that must find it."""

    category: Category | None = None
    """Its category."""

    severity: Severity | None = None
    """Its severity."""

    differences: tuple[ExpectedDifference, ...] | None = None
    """All its differences, in any order."""


class Case(Section):
    """A declared and a living object, and everything that must be found."""

    name: str = Field(min_length=1)
    """What the case shows, in a few words."""

    why: str = ""
    """Why it matters."""

    desired: Body = Field(default_factory=dict)
    """The declared object; null: not declared. With a base, a patch of it."""

    actual: Body = Field(default_factory=dict)
    """The living object, best with its managedFields; null: it does not live. With a base, a patch of
    what is declared (or of the base, where nothing is)."""

    writers: tuple[FieldsOf, ...] | None = None
    """Who wrote the living object, in place of its managedFields."""

    scaler: Scaling | None = None
    """The autoscaler that targets the object, if any."""

    governed: bool = False
    """Whether everything in the object's namespace must be declared."""

    neighbours: tuple[Annotated[Object, AfterValidator(_plain)], ...] = ()
    """Other living objects that matter, whole: owners that may say that they applied the object, and what
    it refers to if it is an owner itself."""

    earlier: tuple[Earlier, ...] = ()
    """What was declared before, the newest first."""

    at: AwareDatetime | None = None
    """The moment of judging. Default: now."""

    expected: tuple[ExpectedFinding, ...]
    """Every finding, in any order; [] where nothing is wrong."""

    hidden: tuple[str, ...] = ()
    """Texts that must stand nowhere in what is found, such as the values of a Secret."""


class Situation(Section):
    """A base object, and the cases that change it."""

    name: str = Field(min_length=1)
    """What all its cases are about."""

    why: str = ""
    """Why they matter."""

    base: Body = None
    """The object that the cases patch. Without it they hold whole objects."""

    rules: RuleBook = RuleBook()
    """What auditor.yaml calls rules."""

    cases: tuple[Case, ...] = Field(min_length=1)
    """The cases."""

    @model_validator(mode="after")
    def _whole_without_base(self) -> Self:
        for case in self.cases if self.base is None else ():
            _require_sides(case)
        return self


class SingleCase(Case):
    """A case by itself, of whole objects."""

    rules: RuleBook = RuleBook()
    """What auditor.yaml calls rules."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _require_sides(self)
        return self


def _require_sides(case: Case) -> None:
    missing = {"desired", "actual"} - case.model_fields_set
    if missing:
        raise ValueError(
            f"the case {case.name!r} has no base and leaves out {' and '.join(sorted(missing))}; "
            "write null for an object that is not there"
        )


def golden_schema() -> dict[str, Any]:
    """Describe one document of a file of golden cases as JSON Schema (2020-12)."""
    described = TypeAdapter(Situation | SingleCase).json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **described,
        "title": "golden cases",
    }
