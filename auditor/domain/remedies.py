"""What can be done about a deviation, in words and for programs.

Three kinds: *revert* brings the cluster back to the declaration, *codify* brings the declaration to the
cluster, *wait* leaves it to the GitOps tool that has not had its turn. This module refuses to do any of
them.
"""

from __future__ import annotations

from auditor.domain.finding import Category, Deviation, Remedy
from auditor.domain.manifest import Origin
from auditor.domain.pair import Pair


def remedies_for(pair: Pair, deviation: Deviation) -> tuple[Remedy, ...]:
    """Name what can be done, the usual thing first."""
    if deviation.category is Category.LAGGING:
        return (_wait(), _apply(pair))
    if pair.desired is None:
        return (
            Remedy(kind="codify", details={"how": f"declare {pair.ref} in Git"}),
            Remedy(kind="revert", details={"how": f"kubectl delete {_named(pair)}"}),
        )
    return (_apply(pair), Remedy(kind="codify", details={"how": _change(pair.desired.origin)}))


def _wait() -> Remedy:
    return Remedy(kind="wait", details={"how": "the GitOps tool has not applied the commit yet"})


def _apply(pair: Pair) -> Remedy:
    origin = pair.desired.origin if pair.desired else None
    source = origin.path if origin else "the declared manifest"
    return Remedy(kind="revert", details={"how": f"kubectl apply -f {source}"})


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
