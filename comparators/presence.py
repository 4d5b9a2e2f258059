"""Compares which objects are declared with which live.

Missing (``K8S-001``), being deleted (``K8S-009``), left over by an owner (``K8S-003``), declared by
nobody (``K8S-007``). That something is absent is said only where absence means something: a finished
Job goes by itself, a hook comes and goes. It refuses to look into objects of which both sides are there,
save for their deletion.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Final

from auditor.domain import checks
from auditor.domain.checks import Check
from auditor.domain.claims import Claim, claim_on
from auditor.domain.difference import Difference, Op
from auditor.domain.fieldpath import FieldPath
from auditor.domain.finding import Deviation
from auditor.domain.manifest import Manifest, Owner
from auditor.domain.marks import copied_tracking, generator_of, owner_of
from auditor.domain.pair import Pair
from comparators import knowledge
from comparators.attention import ignores_status
from comparators.knowledge import Bystander
from comparators.ownership import creator_of
from comparators.scalars import moment

_HELM_HOOK: Final = "helm.sh/hook"
_ARGO_HOOK: Final = "argocd.argoproj.io/hook"
_ARGO_OPTIONS: Final = "argocd.argoproj.io/compare-options"
_DELETION: Final = FieldPath(("metadata", "deletionTimestamp"))

# https://helm.sh/docs/topics/charts_hooks/ and
# https://argo-cd.readthedocs.io/en/stable/user-guide/resource_hooks/
_PRESENT_AFTER: Final = frozenset({"pre-install", "post-install", "PreSync", "Sync", "PostSync"})
"""Hooks that every installation runs; others run on occasion, so their absence says nothing."""
_DELETED_AFTER: Final = frozenset({"hook-succeeded", "hook-failed", "HookSucceeded", "HookFailed"})


@ignores_status
def presence(pair: Pair) -> Iterator[Deviation]:
    """Report an object that should be there and is not, or is there and should not."""
    if pair.desired is not None:
        if pair.actual is None:
            yield from _missing(pair, pair.desired)
        else:
            yield from _terminating(pair, pair.actual)
    elif pair.actual is not None and not pair.actual.metadata.get("deletionTimestamp"):
        yield from _undeclared(pair, pair.actual)


def _missing(pair: Pair, desired: Manifest) -> Iterator[Deviation]:
    if not _may_be_absent(desired):
        yield _deviation(checks.MISSING, f"{pair.ref} is declared and does not exist")


def _may_be_absent(desired: Manifest) -> bool:
    """Tell whether an object may have come and gone, or never be stored at all."""
    if "name" not in desired.metadata:  # generateName: it lives under another name
        return True
    spec = desired.body.get("spec")
    fades = isinstance(spec, dict) and spec.get("ttlSecondsAfterFinished") is not None
    return (
        (desired.ref.kind == "Job" and fades)
        or _is_passing_hook(_texts(desired.metadata, "annotations"))
        or knowledge.bystanders().unstored.matches(desired.ref)
    )


def _is_passing_hook(annotations: Mapping[str, Any]) -> bool:
    hooks = _words(annotations, _HELM_HOOK) | _words(annotations, _ARGO_HOOK)
    policies = _words(annotations, _HELM_HOOK + "-delete-policy")
    policies |= _words(annotations, _ARGO_HOOK + "-delete-policy")
    return bool(hooks) and (not hooks & _PRESENT_AFTER or bool(policies & _DELETED_AFTER))


def _terminating(pair: Pair, actual: Manifest) -> Iterator[Deviation]:
    since = actual.metadata.get("deletionTimestamp")
    if not since:
        return
    held = ", ".join(str(name) for name in actual.metadata.get("finalizers") or ())
    waiting = f", held by {held}" if held else ""
    yield _deviation(
        checks.TERMINATING,
        f"{pair.ref} is declared and being deleted since {since}{waiting}",
        Difference(
            path=_DELETION, pointer="/metadata/deletionTimestamp", op=Op.ADDED, actual=since
        ),
        since=moment(since),
    )


def _undeclared(pair: Pair, actual: Manifest) -> Iterator[Deviation]:
    before = any(earlier.manifest is not None for earlier in pair.earlier)
    was_declared = before or pair.left_over is not None
    owner, is_generated = owner_of(actual), generator_of(actual) is not None
    if actual.metadata.get("ownerReferences") and not is_generated:
        return
    if is_generated and pair.generator is None and not was_declared:
        return  # nobody knows what its generator generates
    if was_declared or is_generated:
        yield _orphaned(pair, actual, owner)
    elif pair.governed and not _is_bystander(actual):
        # Controllers copy marks onto what they make of marked objects, so what may live anyway may still.
        claim = claim_on(pair)
        is_left = (owner is not None or claim is not None) and not (claim and claim.is_copy)
        yield _orphaned(pair, actual, owner) if is_left else _unmanaged(pair, actual, claim)


def _orphaned(pair: Pair, actual: Manifest, owner: Owner | None) -> Deviation:
    """Say whose it is as far as it tells itself, and what its owner does about it."""
    claim = claim_on(pair)
    whose = f" and still marked as {owner.tool}'s {owner.name}" if owner else ""
    fate = ""
    if claim and claim.is_listed and not owner:
        whose = f" and still {claim.owner.tool}'s, which {claim.owner.name} says that it applied"
    if claim:
        fate = f"; it stays: {claim.stays}" if claim.stays else "; it should be pruned and is not"
    told = f"{pair.ref} is declared no more{whose}{fate}"
    return _deviation(checks.ORPHANED, told, _whole(actual))


def _unmanaged(pair: Pair, actual: Manifest, claim: Claim | None) -> Deviation:
    creation = _whole(actual)
    by = f", created by {creation.writer.manager}" if creation.writer else ""
    told = f"{pair.ref} lives and nobody declared it{by}{_copied(actual, claim)}"
    return _deviation(checks.UNMANAGED, told, creation)


def _copied(actual: Manifest, claim: Claim | None) -> str:
    """Say that an object bears a mark that is not its own."""
    if claim:
        owner = claim.owner
        return f"; its mark is copied: {owner.tool}'s {owner.name} has not applied it"
    app = copied_tracking(actual)
    return f"; its mark is copied: argocd's {app} means another object by it" if app else ""


def _whole(actual: Manifest) -> Difference:
    """The object itself as what was added, with who created it; its content is left out."""
    return Difference(path=FieldPath(), pointer="", op=Op.ADDED, writer=creator_of(actual.metadata))


def _is_bystander(actual: Manifest) -> bool:
    options = _words(_texts(actual.metadata, "annotations"), _ARGO_OPTIONS)
    return "IgnoreExtraneous" in options or any(
        _matches(known, actual) for known in knowledge.bystanders().undeclared
    )


def _matches(known: Bystander, actual: Manifest) -> bool:
    ref = actual.ref
    return (
        known.kinds.matches(ref)
        and fnmatchcase(ref.name, known.name)
        and fnmatchcase(ref.namespace, known.namespace)
        and (not known.type or actual.body.get("type") == known.type)
        and (known.creator == "*" or fnmatchcase(_creator(actual), known.creator))
    )


def _creator(actual: Manifest) -> str:
    writer = creator_of(actual.metadata)
    return writer.manager if writer else ""


def _deviation(
    check: Check, message: str, *differences: Difference, since: datetime | None = None
) -> Deviation:
    return Deviation(
        check=check.id,
        category=check.category,
        message=message,
        differences=differences,
        since=since,
    )


def _words(annotations: Mapping[str, Any], name: str) -> set[str]:
    return {word.strip() for word in str(annotations.get(name, "")).split(",")} - {""}


def _texts(metadata: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = metadata.get(field)
    return value if isinstance(value, dict) else {}
