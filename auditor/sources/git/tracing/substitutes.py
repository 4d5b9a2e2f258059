"""Where a variable stands that a Flux Kustomization puts into a field.

``spec.postBuild.substitute`` of https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution;
variables of ConfigMaps and Secrets have no line here. It refuses to substitute: the value must make of the
written text what is declared.
"""

from __future__ import annotations

import re
from typing import Final

from auditor.sources.git.fields import field_at
from auditor.sources.git.tracing.files import Files, Place
from auditor.sources.git.tracing.owners import spec_of
from auditor.sources.git.tracing.wanted import Wanted, made_of

_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_]\w*)[^}]*\}")


def find_in_substitutes(wanted: Wanted, files: Files) -> tuple[Place, ...]:
    """Find the places of the variables that a field of a file is made of, and its own, if there are any."""
    own, text = wanted.own, wanted.own.text if wanted.own else None
    substitutes = spec_of(wanted.layers, files, "postBuild", "substitute")
    owner, substitute = next(substitutes, (None, None))
    if own is None or text is None or owner is None or substitute is None:
        return ()
    parts = _VARIABLE.split(text)
    pairs = zip(parts[1::2], made_of(wanted.said or "", parts[::2]), strict=False)
    found = ((field_at(substitute.node, (name,)), value) for name, value in pairs)
    told = tuple(Place(owner, one.lines) for one, value in found if one and one.text == value)
    return (*told, Place(wanted.file, own.lines)) if told else ()
