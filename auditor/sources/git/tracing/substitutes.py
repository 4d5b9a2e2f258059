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
from auditor.sources.git.tracing.wanted import Wanted

_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_]\w*)[^}]*\}")
_SUBSTITUTE: Final = ("spec", "postBuild", "substitute")


def find_in_substitutes(path: str, wanted: Wanted, files: Files) -> tuple[Place, ...]:
    """Find the places of the variables that a field of a file is made of, and its own, if there are any."""
    own, owner = wanted.own, wanted.layers.owner
    text = own.text if own else None
    substitute = field_at(files.object_at(owner), _SUBSTITUTE)
    if own is None or text is None or substitute is None or owner is None:
        return ()
    parts = _VARIABLE.split(text)
    pattern = "(.*?)".join(map(re.escape, parts[::2]))
    made = re.fullmatch(pattern, wanted.said or "")
    pairs = zip(parts[1::2], made.groups() if made else (), strict=False)
    found = ((field_at(substitute.node, (name,)), value) for name, value in pairs)
    told = tuple(Place(owner[0], one.lines) for one, value in found if one and one.text == value)
    return (*told, Place(path, own.lines)) if told else ()
