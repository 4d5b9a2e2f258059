"""What owners say should be ignored, as ignore rules like our own.

Argo CD: https://argo-cd.readthedocs.io/en/stable/user-guide/diffing/ · Flux:
https://fluxcd.io/flux/components/helm/helmreleases/#drift-detection and
https://fluxcd.io/flux/components/kustomize/kustomizations/. What cannot be understood hides nothing and is
told as such. This module refuses to find the owner of an object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from auditor.domain.gitops.kinds import APPLICATION, APPLICATION_SET, KUSTOMIZATION, RELEASE
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Body
from auditor.domain.pair import Pair
from auditor.domain.places import Each, Places, Where, parse_expression, parse_jq, parse_pointer
from auditor.domain.rules import IgnoreRule, ObjectMatch, Objects

_GLOB: Final = re.compile(r"[*?\[]")
_FOREIGN: Final = frozenset("{}[]\\")
"""What globs have in Argo CD and mean otherwise, or nothing, here."""
_EQUAL: Final = re.compile(r"\s*([A-Za-z0-9./_-]+)\s*==?\s*([A-Za-z0-9._-]*)\s*")


@dataclass(frozen=True, slots=True)
class Said:
    """What one owner says: the rules, and in words for people what was not understood."""

    rules: tuple[IgnoreRule, ...] = ()
    unsupported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Flux's way of naming objects: anchored regular expressions, and values of labels and annotations."""

    fields: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)

    def matches(self, pair: Pair) -> bool:
        """Tell whether the pair's object is meant."""
        named = all(fits.fullmatch(getattr(pair.ref, name)) for name, fits in self.fields.items())
        manifest = pair.actual or pair.desired
        metadata = manifest.metadata if manifest else {}
        return named and all(
            _mapping(metadata.get(place)).get(name) == value
            for place in ("labels", "annotations")
            for name, value in getattr(self, place).items()
        )


class _Draft:
    """The rules of one owner, while they are read."""

    def __init__(self, tool: str, kind: str, name: str) -> None:
        self._tool = tool
        self._title = f"{kind} {name}"
        self._name = f"{tool}/{name}"
        self._number = 0
        self._rules: list[IgnoreRule] = []
        self._unsupported: list[str] = []

    def begin(self) -> None:
        """Begin the next entry of the owner's list."""
        self._number += 1

    def put(self, field: str, objects: Objects, **narrowed: Any) -> None:
        """Add a rule of this entry."""
        self._rules.append(
            IgnoreRule(
                name=f"{self._name}#{self._number}",
                reason=f"{field} of {self._title}",
                owner=self._tool,
                objects=objects,
                **narrowed,
            )
        )

    def read(self, parse: Callable[[str], Places], texts: Any) -> tuple[Places, ...]:
        """Read places; those that cannot be are noted."""
        found = []
        for text in _texts(texts):
            try:
                found.append(parse(text))
            except ValueError as error:
                self.refuse(str(error))
        return tuple(found)

    def refuse(self, why: str) -> None:
        """Note that something of this entry is not understood."""
        self._unsupported.append(f"{self._name}#{self._number}: {why}")

    def said(self) -> Said:
        """All of it."""
        return Said(tuple(self._rules), tuple(self._unsupported))


def said_by(ref: ObjectRef, body: Body) -> Said:
    """Read what an owner, of one of the `OWNER_KINDS`, says should be ignored of what it owns."""
    return _READERS[ref.group_kind](ref, _mapping(body.get("spec")))


# --- Argo CD ---------------------------------------------------------------------------------------


def _application(ref: ObjectRef, spec: Mapping[str, Any]) -> Said:
    draft = _Draft("argocd", "Application", ref.name)
    for entry in _mappings(spec.get("ignoreDifferences")):
        draft.begin()
        objects = _argo_objects(entry)
        if objects is None:
            draft.refuse("only * and ? are understood in group and kind")
            continue
        places = draft.read(parse_pointer, entry.get("jsonPointers"))
        places += draft.read(parse_jq, entry.get("jqPathExpressions"))
        if places:
            draft.put("ignoreDifferences", objects, places=places)
        for manager in _texts(entry.get("managedFieldsManagers")):
            draft.put("ignoreDifferences", objects, writer=_literal(manager))
    return draft.said()


def _argo_objects(entry: Mapping[str, Any]) -> ObjectMatch | None:
    """Group and kind are patterns, and a group that is left out is the core group; names are names."""
    group, kind = str(entry.get("group") or ""), str(entry.get("kind") or "")
    if _FOREIGN & {*group, *kind}:
        return None
    return ObjectMatch(
        group=group,
        kind=kind,
        namespace=_literal(str(entry.get("namespace") or "")) or "*",
        name=_literal(str(entry.get("name") or "")) or "*",
    )


# --- Argo CD's ApplicationSets ---------------------------------------------------------------------

_PRESERVED: Final = (
    "notified.notifications.argoproj.io",
    "argocd.argoproj.io/refresh",
    "argocd.argoproj.io/hydrate",
)
_DELETING: Final = (
    "pre-delete-finalizer.argocd.argoproj.io",
    "post-delete-finalizer.argocd.argoproj.io",
)


def _application_set(ref: ObjectRef, spec: Mapping[str, Any]) -> Said:
    """What a set leaves alone of its Applications, and what it says should be ignored of them.

    https://github.com/argoproj/argo-cd/blob/v3.6.1/applicationset/controllers/applicationset_controller.go
    """
    draft = _Draft("argocd", "ApplicationSet", ref.name)
    draft.begin()
    draft.put("preservedFields", _applications(ref), places=tuple(_preserved(spec)))
    for entry in _mappings(spec.get("ignoreApplicationDifferences")):
        draft.begin()
        places = draft.read(parse_pointer, entry.get("jsonPointers"))
        places += draft.read(parse_jq, entry.get("jqPathExpressions"))
        if places:
            named = _applications(ref, str(entry.get("name") or ""))
            draft.put("ignoreApplicationDifferences", named, places=places)
    return draft.said()


def _applications(ref: ObjectRef, name: str = "") -> ObjectMatch:
    return ObjectMatch(
        group=ref.group,
        kind="Application",
        namespace=_literal(ref.namespace),
        name=_literal(name) or "*",
    )


def _preserved(spec: Mapping[str, Any]) -> Iterator[Places]:
    """What the controller leaves as it is: what is said, and what it always leaves."""
    fields = _mapping(spec.get("preservedFields"))
    for annotation in (*_PRESERVED, *_texts(fields.get("annotations"))):
        yield Places(("metadata", "annotations", annotation))
    for label in _texts(fields.get("labels")):
        yield Places(("metadata", "labels", label))
    for finalizer in _DELETING:
        yield Places(("metadata", "finalizers", Each(), Where((), "startswith", finalizer)))
    yield Places(("operation",))


# --- Flux ------------------------------------------------------------------------------------------


def _kustomization(ref: ObjectRef, spec: Mapping[str, Any]) -> Said:
    draft = _Draft("flux", "Kustomization", f"{ref.namespace}/{ref.name}")
    return _flux(draft, "ignore", spec.get("ignore"))


def _helm_release(ref: ObjectRef, spec: Mapping[str, Any]) -> Said:
    draft = _Draft("flux", "HelmRelease", f"{ref.namespace}/{ref.name}")
    ignore = _mapping(spec.get("driftDetection")).get("ignore")
    return _flux(draft, "driftDetection.ignore", ignore)


def _flux(draft: _Draft, field: str, entries: Any) -> Said:
    for entry in _mappings(entries):
        draft.begin()
        try:
            selector = _selector(_mapping(entry.get("target")))
        except ValueError as error:
            draft.refuse(str(error))
            continue
        if places := draft.read(parse_pointer, entry.get("paths")):
            draft.put(field, selector, places=places)
    return draft.said()


def _selector(target: Mapping[str, Any]) -> Selector:
    names = [name for name in ("group", "kind", "namespace", "name") if target.get(name)]
    return Selector(
        fields={name: parse_expression(str(target[name])) for name in names},
        labels=dict(_equalities(str(target.get("labelSelector") or ""))),
        annotations=dict(_equalities(str(target.get("annotationSelector") or ""))),
    )


def _equalities(text: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, text.split(",")):
        found = _EQUAL.fullmatch(part)
        if found is None:
            raise ValueError(f"of selectors only name=value is understood, not {part.strip()!r}")
        yield found[1], found[2]


# --- values ----------------------------------------------------------------------------------------


def _literal(text: str) -> str:
    """A shell pattern that fits this text alone."""
    return _GLOB.sub(lambda sign: f"[{sign[0]}]", text)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


_READERS: Final = {
    APPLICATION: _application,
    APPLICATION_SET: _application_set,
    KUSTOMIZATION: _kustomization,
    RELEASE: _helm_release,
}
OWNER_KINDS: Final = frozenset(_READERS)
"""The kinds of objects that own others, and may say what should be ignored of them."""
TOOLS: Final = ("argocd", "flux")
"""What the names of owners' rules begin with, before the first slash."""
