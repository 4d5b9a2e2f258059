"""The variables of a Kustomization's post-build substitution.

https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution. Values of
Secrets are never taken: their names alone are, so that what is made with them can be told apart. A
Secret that is not seen may be there all the same: whoever looks may not be allowed to. It refuses to
substitute anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from auditor.domain.gitops.branch import DeadEnd, Surroundings
from auditor.domain.gitops.flux_fields import (
    Reference,
    entries,
    flag,
    part,
    text,
    texts,
)
from auditor.domain.manifest import Manifest, holds_seal

_CIPHERTEXT = "ENC["
"""How SOPS begins an encrypted value: https://getsops.io/docs/#encryption-protocol."""


@dataclass(slots=True)
class Variables:
    """Variables by name, and the names of those whose values may not be known.

    ``hides_others`` tells that those without a value here may have one that is not known.
    """

    values: dict[str, str] = field(default_factory=dict)
    sealed: set[str] = field(default_factory=set)
    hides_others: bool = False

    def set_texts(self, values: dict[str, str]) -> None:
        """Set variables; line breaks are dropped, as Flux does."""
        for name, value in values.items():
            if holds_seal(value) or value.startswith(_CIPHERTEXT):
                self.seal([name])
            else:
                self.sealed.discard(name)
                self.values[name] = value.replace("\n", "")

    def seal(self, names: Iterable[str]) -> None:
        """Set variables whose values may not be known."""
        for name in names:
            self.sealed.add(name)
            self.values.pop(name, None)

    def seal_all(self) -> None:
        """Take from a Secret that is not seen: it may set any variable, also one that is set already."""
        self.values.clear()
        self.hides_others = True


def variables_of(owner: Manifest, around: Surroundings) -> Variables | DeadEnd:
    """Read the variables of a Kustomization: later ones win, and those written in place over all."""
    variables = Variables()
    for entry in entries(owner.body, "spec", "postBuild", "substituteFrom"):
        reference = Reference(text(entry, "kind"), owner.ref.namespace, text(entry, "name"))
        found = around.find(reference.within(owner, group=""))
        if reference.kind == "Secret" and found:
            variables.seal(key for each in ("data", "stringData") for key in part(found.body, each))
        elif reference.kind == "Secret":
            variables.seal_all()
        elif found:
            variables.set_texts(texts(found.body, "data"))
        elif not flag(entry, "optional"):
            return DeadEnd(
                reason=f"{reference}, which holds variables, is neither declared nor alive"
            )
    variables.set_texts(texts(owner.body, "spec", "postBuild", "substitute"))
    return variables
