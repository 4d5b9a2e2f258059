"""What can be done about a deviation, in words and for programs.

Three kinds: *revert* brings the cluster back to the declaration, *codify* brings the declaration to the
cluster, *wait* leaves it to the GitOps tool that has not had its turn. What a GitOps tool owns is brought
back by that tool: whoever applies its file by hand applies what was not rendered. This module refuses to do
any of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from auditor.domain import checks
from auditor.domain.claims import claim_on
from auditor.domain.finding import Category, Deviation, Remedy
from auditor.domain.history import Layers
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Origin, Owner
from auditor.domain.pair import Pair

_SYNCING: Final = {
    "ApplicationSet": "kubectl --namespace {namespace} annotate applicationset {name} "
    "argocd.argoproj.io/application-set-refresh=true",
    "Application": "argocd app sync {name} --app-namespace {namespace}",
    "Kustomization": "flux --namespace {namespace} reconcile kustomization {name} --with-source",
    "HelmRelease": "flux --namespace {namespace} reconcile helmrelease {name} --with-source",
}
"""How an owner is made to do its work now, by its kind."""

_FETCHING: Final = "flux --namespace {namespace} reconcile source git {name}"


def remedies_for(pair: Pair, deviation: Deviation) -> tuple[Remedy, ...]:
    """Name what can be done, the usual thing first."""
    if deviation.category is Category.LAGGING:
        return (_wait(), _apply(pair))
    if deviation.category is Category.UNRECONCILED and deviation.check != checks.TERMINATING.id:
        return (_SPECIAL.get(deviation.check, _ask)(pair),)
    if pair.desired is None:
        return _undeclared(pair)
    return (_apply(pair), _codify(pair.desired.origin))


def placed(
    remedies: Iterable[Remedy], told: Origin, place: Origin, layers: Layers | None
) -> tuple[Remedy, ...]:
    """Tell remedies anew that name the place ``told``: what is declared there is said at ``place``.

    Where more than that file goes into the object, nobody applies the file alone.
    """
    by_hand = _render(layers) if layers else _apply_file(place)
    instead = (
        (_codify(told), _codify(place)),
        (_revert(_apply_file(told)), _revert(by_hand)),
    )
    return tuple(next((new for old, new in instead if old == one), one) for one in remedies)


def _codify(origin: Origin | None) -> Remedy:
    return Remedy(kind="codify", details={"how": _change(origin)})


def _revert(how: str) -> Remedy:
    return Remedy(kind="revert", details={"how": how})


def _undeclared(pair: Pair) -> tuple[Remedy, ...]:
    """Declare it or delete it; where its owner can take it away, that does."""
    claim = claim_on(pair)
    bare = f", without the mark of {claim.owner.name}" if claim and claim.is_copy else ""
    codify = Remedy(kind="codify", details={"how": f"declare {pair.ref} in Git{bare}"})
    deleting = f"kubectl delete {_named(pair)}"
    if claim is None or claim.is_copy or not claim.command:
        return codify, _revert(deleting)
    by_owner = _revert(claim.command)
    return (codify, by_owner) if claim.stays else (by_owner, codify)


def _wait() -> Remedy:
    return Remedy(kind="wait", details={"how": "the GitOps tool has not applied the commit yet"})


def _ask(pair: Pair) -> Remedy:
    told = f"the tool may try again; it says more: kubectl describe {_named(pair)}"
    return Remedy(kind="wait", details={"how": told})


def _resume(pair: Pair) -> Remedy:
    spec = pair.desired.body.get("spec") if pair.desired else None
    if isinstance(spec, dict) and spec.get("suspend") is True:
        return Remedy(kind="wait", details={"how": "it is declared so"})
    patch = """--type merge --patch '{"spec":{"suspend":null}}'"""
    return _revert(f"kubectl patch {_named(pair)} {patch}")


def _hurry(pair: Pair) -> Remedy:
    ref = pair.ref
    asking = _SYNCING.get(ref.kind, _FETCHING)
    return _revert(asking.format(namespace=ref.namespace, name=ref.name))


def _supply(_pair: Pair) -> Remedy:
    how = "declare what it takes values from, or say there that it is optional"
    return Remedy(kind="codify", details={"how": how})


def _apply(pair: Pair) -> Remedy:
    origin = pair.desired.origin if pair.desired else None
    synced = _sync(pair.desired.owner if pair.desired else None)
    return _revert(synced or _apply_file(origin))


def _apply_file(origin: Origin | None) -> str:
    return f"kubectl apply -f {origin.path if origin else 'the declared manifest'}"


def _render(layers: Layers) -> str:
    """How what was rendered is applied by hand; by whom charts are installed and with what is not known."""
    where = layers.base or "."
    if layers.renderer == "kustomize":
        return f"kubectl apply -k {where}"
    if layers.renderer == "helm":
        return f"upgrade the release of the chart at {where} with helm, as it was installed"
    return f"apply what is rendered from {where} again"


def _sync(owner: Owner | None) -> str:
    """How the owner of an object is made to apply it; empty where no owner is known."""
    nearest = owner.chain[-1].split("/") if owner and owner.chain else []
    if len(nearest) != len(ObjectRef._fields) - 1:
        return ""
    _, kind, namespace, name = nearest
    return _SYNCING.get(kind, "").format(namespace=namespace, name=name)


def _change(origin: Origin | None) -> str:
    if origin is None:
        return "change the declaration to what lives"
    line = f":{origin.line}" if origin.line else ""
    return f"change {origin.path}{line} in {origin.repository} to what lives"


def _named(pair: Pair) -> str:
    ref = pair.ref
    kind = f"{ref.kind.lower()}.{ref.group}" if ref.group else ref.kind.lower()
    scope = f" --namespace {ref.namespace}" if ref.namespace else ""
    return f"{kind} {ref.name}{scope}"


_SPECIAL: Final = {
    checks.SUSPENDED.id: _resume,
    checks.BEHIND_SOURCE.id: _hurry,
    checks.BEHIND_GIT.id: _hurry,
    checks.NOT_COMPARED.id: _hurry,
    checks.INPUT_MISSING.id: _supply,
}
"""What helps an owner that does not do its work, by the check that found it."""
