"""Values that a HelmRelease takes from ConfigMaps and Secrets.

https://fluxcd.io/flux/components/helm/helmreleases/#values-references. Values of Secrets are not read: what
is made with them cannot be known. It refuses to merge anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from auditor.domain.gitops.branch import DeadEnd, Surroundings
from auditor.domain.gitops.flux_fields import Reference, entries, flag, text, texts
from auditor.domain.manifest import Manifest, holds_seal

_KEY: Final = "values.yaml"
_QUOTES: Final = ("'", '"')


@dataclass(slots=True)
class Values:
    """Whole documents in their order, and single values for ``helm --set`` in theirs."""

    documents: list[str] = field(default_factory=list)
    parameters: list[dict[str, Any]] = field(default_factory=list)


def values_of(owner: Manifest, around: Surroundings) -> Values | DeadEnd:
    """Read what ``valuesFrom`` names."""
    values = Values()
    for entry in entries(owner.body, "spec", "valuesFrom"):
        written = _written(entry, owner, around)
        if isinstance(written, DeadEnd):
            return written
        if written is None:
            continue
        if target := text(entry, "targetPath"):
            values.parameters.append(_parameter(target, written))
        else:
            values.documents.append(written)
    return values


def _written(
    entry: Mapping[str, Any], owner: Manifest, around: Surroundings
) -> str | DeadEnd | None:
    """The text that one entry names; ``None`` where it may be and is absent."""
    reference = Reference(text(entry, "kind"), owner.ref.namespace, text(entry, "name"))
    found = around.find(reference.within(owner, group=""))
    if found is None:
        lack = DeadEnd(reason=f"{reference}, which holds values, is neither declared nor alive")
        return None if flag(entry, "optional") else lack
    if reference.kind != "ConfigMap":
        return DeadEnd(reason=f"values come from {reference}, which is not read")
    key = text(entry, "valuesKey") or _KEY
    written = texts(found.body, "data").get(key)
    if written is None:
        lack = DeadEnd(reason=f"{reference} has no {key}, which should hold values")
        return None if flag(entry, "optional") else lack
    if holds_seal(written):
        return DeadEnd(reason=f"{reference} holds values that are encrypted")
    return written


def _parameter(target: str, value: str) -> dict[str, Any]:
    """https://fluxcd.io/flux/components/helm/helmreleases/#values-references: quoted values stay text."""
    is_quoted = any(value.startswith(quote) and value.endswith(quote) for quote in _QUOTES)
    if not is_quoted:
        return {"name": target, "value": value}
    return {"name": target, "value": value.strip("".join(_QUOTES)), "forceString": True}
