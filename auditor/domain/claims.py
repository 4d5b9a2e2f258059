"""What living owners say of an object that nobody declares: whose it is, and what becomes of it.

A mark can be copied along with the object; what an owner says that it applied cannot. So the inventory of a
Kustomization or release, and the resources of an Application, count for more than a mark. An owner that does
not say what it applied proves nothing: older releases have no inventory. This module refuses to say whether
an object is declared.

https://fluxcd.io/flux/components/kustomize/kustomizations/#prune,
https://fluxcd.io/flux/components/helm/helmreleases/#inventory,
https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from auditor.domain.gitops.flux_fields import entries, flag, part, text, texts, words
from auditor.domain.gitops.flux_inventory import parse_inventory
from auditor.domain.gitops.kinds import APPLICATION, KUSTOMIZATION, RELEASE
from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.manifest import Manifest, Owner
from auditor.domain.marks import ARGO_TRACKING, Keeper, keepers_of
from auditor.domain.pair import Neighbour, Pair

_APPLIERS: Final = {KUSTOMIZATION: "kustomize-controller", RELEASE: "helm-controller"}
"""Under which field manager the controllers apply:
https://github.com/fluxcd/kustomize-controller/blob/v1.7.0/main.go and the same file of helm-controller."""
_LEAVE_ALONE: Final = (f"{KUSTOMIZATION.group}/prune", f"{KUSTOMIZATION.group}/reconcile")
_HOOK: Final = "helm.sh/hook"
_POLICY: Final = "helm.sh/resource-policy"
_OPTIONS: Final = "argocd.argoproj.io/sync-options"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one owner says of an object.

    ``is_listed``: that it applied the object. ``is_copy``: that it did not, although the object bears its
    mark. ``stays``: why it does not take the object away by itself; empty where it does. ``command``: how
    it is made to, where it can be.
    """

    keeper: ObjectRef
    owner: Owner
    is_listed: bool = False
    is_copy: bool = False
    stays: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One object and one owner alive. ``is_marked``: the object bears that owner's mark."""

    orphan: Manifest
    keeper: Manifest
    is_marked: bool

    @property
    def told(self) -> str:
        """The owner, for a person."""
        return f"{self.keeper.ref.kind} {self.keeper.ref.namespace}/{self.keeper.ref.name}"

    @property
    def inventory(self) -> frozenset[ObjectRef]:
        """What the owner says that it applied; empty where it does not say."""
        return frozenset(parse_inventory(self.keeper.body, cluster=self.orphan.ref.cluster))


def claim_on(pair: Pair) -> Claim | None:
    """The claim on an object that is not declared: of the owner that lists it, else of one that it names."""
    if pair.desired is not None or pair.actual is None:
        return None
    claims = list(_claims(pair, pair.actual))
    claim = next((one for one in claims if one.is_listed), claims[0] if claims else None)
    before = any(earlier.manifest is not None for earlier in pair.earlier)
    was_declared = before or pair.left_over is not None
    return replace(claim, is_copy=False) if claim and was_declared else claim


def _claims(pair: Pair, orphan: Manifest) -> Iterator[Claim]:
    marks = tuple(keepers_of(orphan))
    for one in pair.neighbours:
        read = _READERS.get(one.ref.group_kind)
        if read is None or one.actual is None or one.doubt is not None:
            continue
        is_marked = any(_is(keeper, one.ref) for keeper in marks)
        claim = read(_Case(orphan=orphan, keeper=one.actual, is_marked=is_marked))
        if claim is not None:
            yield replace(claim, owner=_within(one, claim.owner))


def _is(keeper: Keeper, ref: ObjectRef) -> bool:
    place = (keeper.kind, keeper.name)
    return place == (ref.kind, ref.name) and keeper.namespace in {None, ref.namespace}


def _within(keeper: Neighbour, owner: Owner) -> Owner:
    """The owner with those above it, as far as its own declaration knows them."""
    above = keeper.desired.owner if keeper.desired else None
    chain = (*(above.chain if above else ()), str(keeper.ref))
    return replace(owner, chain=chain, environment=above.environment if above else None)


# --- Flux ------------------------------------------------------------------------------------------


def _kustomization(case: _Case) -> Claim | None:
    stays = "" if flag(case.keeper.body, "spec", "prune") else f"{case.told} does not prune"
    return _flux(case, stays or _left_alone(case.orphan))


def _release(case: _Case) -> Claim | None:
    keeps = texts(case.orphan.metadata, "annotations").get(_POLICY, "").strip().lower() == "keep"
    return _flux(case, f"it says {_POLICY}: keep" if keeps else "")


def _flux(case: _Case, stays: str) -> Claim | None:
    keeper, inventory = case.keeper.ref, case.inventory
    is_listed = not inventory.isdisjoint(_listings(case.orphan.ref, keeper))
    if not _is_for_cluster(case) or not (case.is_marked or is_listed):
        return None
    says_no = bool(inventory) and not is_listed and not _is_hook(case.orphan)
    spec = part(case.keeper.body, "spec")
    if flag(spec, "suspend"):
        stays = f"{case.told} is suspended"
    elif is_listed and not case.is_marked and keeper.group_kind == KUSTOMIZATION:
        stays = stays or "it lost the labels without which Flux takes nothing away"
    elif says_no:
        stays = stays or f"{case.told} applied it once and lists it no more"
    kind, place = keeper.kind.lower(), f"--namespace {keeper.namespace}"
    return Claim(
        keeper=keeper,
        owner=Owner(tool="flux", name=f"{keeper.namespace}/{keeper.name}"),
        is_listed=is_listed,
        is_copy=says_no and not _was_applied(case),
        stays=stays,
        command="" if stays else f"flux {place} reconcile {kind} {keeper.name} --with-source",
    )


def _is_for_cluster(case: _Case) -> bool:
    """Tell whether what the owner lists is on the cluster of the object."""
    is_remote = bool(part(case.keeper.body, "spec", "kubeConfig"))
    return is_remote == (case.keeper.ref.cluster != case.orphan.ref.cluster)


def _listings(ref: ObjectRef, keeper: ObjectRef) -> Iterator[ObjectRef]:
    """How an object may be listed: a release leaves the namespace out of a kind that it does not know.

    https://github.com/fluxcd/helm-controller/blob/main/internal/inventory/inventory.go
    """
    yield ref
    if keeper.group_kind == RELEASE:
        yield ref._replace(namespace="")


def _left_alone(orphan: Manifest) -> str:
    """https://fluxcd.io/flux/components/kustomize/kustomizations/#prune: it may say so in either place."""
    for mark in _LEAVE_ALONE:
        for place in ("annotations", "labels"):
            if texts(orphan.metadata, place).get(mark, "").lower() == "disabled":
                return f"it says {mark}: disabled"
    return ""


def _is_hook(orphan: Manifest) -> bool:
    """Tell whether Helm left an object out of the inventory on purpose."""
    return _HOOK in texts(orphan.metadata, "annotations")


def _was_applied(case: _Case) -> bool:
    """Tell whether the owner's controller ever wrote the object, as far as anybody recorded it.

    It lists no more what it lets go of. Where no writer is recorded, that cannot be told from a copy, unless
    it lets go of nothing.
    """
    entry = [text(one, "manager") for one in entries(case.orphan.metadata, "managedFields")]
    lets_go = case.keeper.ref.group_kind == KUSTOMIZATION and not flag(
        case.keeper.body, "spec", "prune"
    )
    return _APPLIERS[case.keeper.ref.group_kind] in entry if entry else lets_go


# --- Argo CD ---------------------------------------------------------------------------------------


def _application(case: _Case) -> Claim | None:
    """A label marks objects of others too, so only a tracking id or the Application's own word counts."""
    keeper, spec = case.keeper.ref, part(case.keeper.body, "spec")
    is_listed = any(_is_to_go(one, case.orphan.ref) for one in _resources(case.keeper))
    is_tracked = case.is_marked and ARGO_TRACKING in texts(case.orphan.metadata, "annotations")
    if not is_listed and not is_tracked:
        return None
    stays, command = _argo_stays(case, spec)
    place = f"{keeper.name} --app-namespace {keeper.namespace}"
    return Claim(
        keeper=keeper,
        owner=Owner(tool="argocd", name=keeper.name),
        is_listed=is_listed,
        stays=stays,
        command=command.format(place),
    )


def _resources(keeper: Manifest) -> Iterator[Mapping[str, object]]:
    return entries(keeper.body, "status", "resources")


def _is_to_go(resource: Mapping[str, object], ref: ObjectRef) -> bool:
    """Tell whether an Application says of an object that it should be pruned."""
    named = tuple(text(resource, name) for name in ("group", "kind", "namespace", "name"))
    return named == ref[1:] and flag(resource, "requiresPruning")


def _argo_stays(case: _Case, spec: Mapping[str, object]) -> tuple[str, str]:
    """Why Argo CD does not prune an object by itself, and the command by which it does.

    The object's own option counts before the Application's.
    """
    options = texts(case.orphan.metadata, "annotations").get(_OPTIONS, "").split(",")
    said = (*(one.strip() for one in options), *words(spec, "syncPolicy", "syncOptions"))
    option = next((one for one in said if one.startswith("Prune=")), "")
    automated = part(spec, "syncPolicy", "automated")
    is_automated = "automated" in part(spec, "syncPolicy") and automated.get("enabled") is not False
    if option == "Prune=false":
        return "Argo CD is told not to prune it (Prune=false)", ""
    if option == "Prune=confirm":
        return (
            "Argo CD waits until somebody confirms (Prune=confirm)",
            "argocd app confirm-deletion {}",
        )
    if not is_automated:
        return f"{case.told} does not sync by itself", "argocd app sync {} --prune"
    if not flag(automated, "prune"):
        return f"{case.told} does not prune by itself", "argocd app sync {} --prune"
    return "", "argocd app sync {} --prune"


_READERS: Final[Mapping[GroupKind, Callable[[_Case], Claim | None]]] = {
    KUSTOMIZATION: _kustomization,
    RELEASE: _release,
    APPLICATION: _application,
}
