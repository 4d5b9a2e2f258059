"""The variables of a Kustomization's post-build substitution.

https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution. Values of
Secrets are never taken: their names alone are, so that what is made with them can be told apart. It refuses
to substitute anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from auditor.domain.gitops.branch import DeadEnd, Surroundings
from auditor.domain.gitops.flux_fields import (
    Reference,
    entries,
    flag,
    is_sealed,
    part,
    text,
    texts,
)
from auditor.domain.manifest import Manifest

_CIPHERTEXT = "ENC["
"""How SOPS begins an encrypted value: https://getsops.io/docs/#encryption-protocol."""


@dataclass(slots=True)
class Variables:
    """Variables by name, and the names of those whose values may not be known."""

    values: dict[str, str] = field(default_factory=dict)
    sealed: set[str] = field(default_factory=set)

    def set_texts(self, values: dict[str, str]) -> None:
        """Set variables; line breaks are dropped, as Flux does."""
        for name, value in values.items():
            if is_sealed(value) or value.startswith(_CIPHERTEXT):
                self.seal([name])
            else:
                self.sealed.discard(name)
                self.values[name] = value.replace("\n", "")

    def seal(self, names: Iterable[str]) -> None:
        """Set variables whose values may not be known."""
        for name in names:
            self.sealed.add(name)
            self.values.pop(name, None)


def variables_of(owner: Manifest, around: Surroundings) -> Variables | DeadEnd:
    """Read the variables of a Kustomization: later ones win, and those written in place over all."""
    variables = Variables()
    for entry in entries(owner.body, "spec", "postBuild", "substituteFrom"):
        reference = Reference(text(entry, "kind"), owner.ref.namespace, text(entry, "name"))
        found = around.find(reference.within(owner, group=""))
        if found is None and not flag(entry, "optional"):
            return DeadEnd(
                reason=f"{reference}, which holds variables, is neither declared nor alive"
            )
        if reference.kind == "Secret":
            body = found.body if found else {}
            variables.seal(key for each in ("data", "stringData") for key in part(body, each))
        elif reference.kind == "ConfigMap" and found:
            variables.set_texts(texts(found.body, "data"))
    variables.set_texts(texts(owner.body, "spec", "postBuild", "substitute"))
    return variables
