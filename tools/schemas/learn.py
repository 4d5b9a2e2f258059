"""Learns what an API server fills in: what comes out and did not go in.

A default belongs to a field of an OpenAPI component, because that is how the API server assigns them:
what holds for the Pod template of a Deployment holds for that of a Job. A struct that is always there
(no pointer) is looked into; anything else that was not sent is a default as a whole, and its own fields
are defaults too. This module refuses to choose between two answers: that needs a written rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from auditor.state.builtin import facts
from comparators import derived
from tools.schemas.server import RefusedError, Server

_REFERENCE: Final = "#/components/schemas/"
_METADATA: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

Components = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class Lessons:
    """What was learned, by component and field, and what could not be."""

    defaults: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def note(self, component: str, name: str, value: Any, where: str) -> None:
        """Keep one answer; a second, different one is a problem."""
        known = self.defaults.setdefault(component, {})
        if name in known and known[name] != value:
            self.problems.append(
                f"{where}: {component}.{name} is filled in as {value!r} and as {known[name]!r}:"
                " write a rule in overrides.yaml"
            )
        known.setdefault(name, value)


def learn(
    server: Server, documents: Mapping[str, Any], samples: Iterable[Mapping[str, Any]]
) -> Lessons:
    """Send every sample and keep what comes back beside it."""
    lessons = Lessons()
    for sample in samples:
        where = f"{sample['kind']} {sample['metadata']['name']}"
        components = documents[sample["apiVersion"]]["components"]["schemas"]
        try:
            answer = server.created(sample)
        except RefusedError as error:
            lessons.problems.append(f"{where}: {error}")
            continue
        student = _Student(components, lessons, where)
        student.look(_component_of(components, sample), *(_declarable(b) for b in (sample, answer)))
    return lessons


def _component_of(components: Components, sample: Mapping[str, Any]) -> str:
    group, _, version = sample["apiVersion"].rpartition("/")
    wanted = {"group": group, "version": version, "kind": sample["kind"]}
    return next(
        name
        for name, definition in components.items()
        if wanted in definition.get("x-kubernetes-group-version-kind", ())
    )


def _declarable(body: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in body.items() if k not in {"metadata", "status", "apiVersion", "kind"}}


class _Student:
    """Walks down what was sent and what came back, side by side."""

    def __init__(self, components: Components, lessons: Lessons, where: str) -> None:
        self._components = components
        self._lessons = lessons
        self._where = where

    def look(self, component: str, sent: Mapping[str, Any], got: Mapping[str, Any]) -> None:
        """Compare one object."""
        properties = self._components[component].get("properties", {})
        written = facts().fields.get(component, {})
        for name, value in got.items():
            definition = properties.get(name, {})
            inner = _reference(definition)
            if name in sent or (definition.get("default") == {} and isinstance(value, dict)):
                self._look_into(definition, sent.get(name) or {}, value)
                continue
            rule = written[name].derived if name in written else ""
            if (
                value is None
                or rule in derived.ONE_WAY
                or (rule and derived.holds(rule, value, got, {}))
            ):
                continue
            self._lessons.note(component, name, value, self._where)
            if inner in self._components and isinstance(value, dict):
                self.look(inner, {}, value)

    def _look_into(self, definition: Mapping[str, Any], sent: Any, got: Any) -> None:
        inner = _reference(definition)
        if inner == _METADATA:
            return
        if isinstance(got, dict) and isinstance(sent, dict):
            if inner in self._components:
                self.look(inner, sent, got)
            elif "additionalProperties" in definition:
                for name in got.keys() & sent.keys():
                    self._look_into(definition["additionalProperties"], sent[name], got[name])
        elif isinstance(got, list) and isinstance(sent, Sequence):
            for ours, theirs in zip(sent, got, strict=False):  # what admission adds comes last
                self._look_into(definition.get("items", {}), ours, theirs)


def _reference(definition: Mapping[str, Any]) -> str:
    wrapped = definition.get("allOf") or [{}]
    found = definition.get("$ref") or wrapped[0].get("$ref") or ""
    return str(found).removeprefix(_REFERENCE)
