"""What moving from one commit to another would do to an object: create, change or delete it.

The object as declared before is taken for what lives, unless what lives is known. That is a forecast and not
drift, so its findings have checks of their own, and say "would". It refuses to know how declarations
are applied: whether something that is declared no more is deleted is for the tool that applies them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from auditor.domain import checks
from auditor.domain.checks import Check
from auditor.domain.difference import Difference, Op
from auditor.domain.fieldpath import FieldPath
from auditor.domain.finding import Deviation, Finding, Verdict
from auditor.domain.identity import GroupKind, GroupVersionKind, ObjectRef
from auditor.domain.judge import Comparison
from auditor.domain.manifest import Manifest
from auditor.domain.marks import owner_of
from auditor.domain.pair import Pair
from auditor.domain.schema import Schema

_SECRET: Final = GroupKind("", "Secret")
_NAMED: Final = 3
"""How many fields a message names."""
_API_VERSION: Final = FieldPath(("apiVersion",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One object as it is declared before and after; not both are absent."""

    ref: ObjectRef
    before: Manifest | None
    after: Manifest | None
    schema: Schema | None = None

    @property
    def gvk(self) -> GroupVersionKind:
        """Its kind in the version in which it is declared, after if it is."""
        manifest = self.after or self.before
        version = manifest.version if manifest else ""
        return GroupVersionKind(self.ref.group, version, self.ref.kind)

    @property
    def is_none(self) -> bool:
        """Whether it is declared in the very same words."""
        return bool(self._said(self.before) == self._said(self.after))

    @staticmethod
    def _said(manifest: Manifest | None) -> Any:
        return None if manifest is None else (manifest.version, manifest.body)


def proposed(change: Change, compare: Comparison) -> tuple[Finding, ...]:
    """Tell what would become of an object that lives as it is declared before."""
    living = None if change.before is None else _alive(change.before)
    pair = Pair(ref=change.ref, desired=change.after, actual=living, schema=change.schema)
    return tuple(_findings(change, pair, compare))


def proposed_alive(change: Change, living: Pair, compare: Comparison) -> tuple[Finding, ...]:
    """Tell what would become of an object as it lives, which must be known.

    What was added to it by hand stays: applying takes away what was declared before, and nothing else.
    """
    gone = [one.path for one in _between(change, compare) if one.op is Op.ADDED]

    def compare_alive(pair: Pair) -> Iterator[Deviation]:
        for deviation in compare(pair):
            kept = (
                one for one in deviation.differences if one.op is not Op.ADDED or _in(one, gone)
            )
            yield replace(deviation, differences=tuple(kept))

    pair = living.declaring(change.after)
    return tuple(_findings(change, pair, compare_alive))


def _between(change: Change, compare: Comparison) -> tuple[Difference, ...]:
    if change.before is None or change.after is None:
        return ()
    living = _alive(change.before)
    pair = Pair(ref=change.ref, desired=change.after, actual=living, schema=change.schema)
    return _differences(pair, compare)


def _in(difference: Difference, paths: Iterable[FieldPath]) -> bool:
    """Whether a difference is at, above or below one of these paths."""
    mine = difference.path
    return any(mine.starts_with(path) or path.starts_with(mine) for path in paths)


def _alive(manifest: Manifest) -> Manifest:
    """A declaration as it lives once applied: ``stringData`` is write-only and becomes ``data``.

    https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/
    """
    texts = manifest.body.get("stringData")
    if manifest.ref.group_kind != _SECRET or not isinstance(texts, dict):
        return manifest
    data = manifest.body.get("data")
    encoded = {name: b64encode(str(text or "").encode()).decode() for name, text in texts.items()}
    rest = {name: value for name, value in manifest.body.items() if name != "stringData"}
    merged = {**(data if isinstance(data, dict) else {}), **encoded}
    return replace(manifest, body={**rest, "data": merged})


def _findings(change: Change, pair: Pair, compare: Comparison) -> Iterator[Finding]:
    yield from _fate(change, pair, compare)
    if change.after is not None:
        yield from _mistakes(change, change.after, compare)


def _fate(change: Change, pair: Pair, compare: Comparison) -> Iterator[Finding]:
    if pair.desired is None:
        if pair.actual is not None:
            yield _finding(change, checks.WOULD_DELETE, f"{change.ref} would be declared no more")
    elif pair.actual is None:
        yield _finding(change, checks.WOULD_CREATE, f"{change.ref} would be created")
    elif differences := _differences(pair, compare):
        named = ", ".join(str(one.path) for one in differences[:_NAMED])
        more = len(differences) - _NAMED
        told = f"{named} and {more} more" if more > 0 else named
        message = f"{change.ref} would change: {told}"
        yield _finding(change, checks.WOULD_CHANGE, message, differences)


def _differences(pair: Pair, compare: Comparison) -> tuple[Difference, ...]:
    found = (one for one in compare(pair) if one.category is checks.CHANGED.category)
    differences = tuple(difference for one in found for difference in one.differences)
    return (*_version(pair), *differences)


def _version(pair: Pair) -> Iterator[Difference]:
    """The API version is no field that is compared, and still part of what is declared."""
    desired, actual = pair.desired, pair.actual
    if desired is not None and actual is not None and desired.version != actual.version:
        yield Difference(
            path=_API_VERSION,
            pointer="/apiVersion",
            op=Op.CHANGED,
            desired=desired.gvk.api_version,
            actual=actual.gvk.api_version,
        )


def _mistakes(change: Change, after: Manifest, compare: Comparison) -> Iterator[Finding]:
    """What the API server would not keep, and was not declared before either."""
    known = {
        one.path for each in _invalid(change, change.before, compare) for one in each.differences
    }
    for deviation in _invalid(change, after, compare):
        new = tuple(one for one in deviation.differences if one.path not in known)
        if new:
            yield _finding(change, checks.INVALID, deviation.message, new)


def _invalid(change: Change, declared: Manifest | None, compare: Comparison) -> Iterator[Deviation]:
    if declared is not None and change.schema is not None:
        pair = Pair(ref=change.ref, desired=declared, actual=None, schema=change.schema)
        yield from (one for one in compare(pair) if one.check == checks.INVALID.id)


def _finding(
    change: Change, check: Check, message: str, differences: tuple[Difference, ...] = ()
) -> Finding:
    manifest = change.after or change.before
    return Finding(
        ref=change.ref,
        version=manifest.version if manifest else "",
        check=check.id,
        category=check.category,
        severity=check.severity,
        verdict=Verdict.PENDING,
        message=message,
        differences=differences,
        origin=manifest.origin if manifest else None,
        owner=owner_of(manifest),
    )
