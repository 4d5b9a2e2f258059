"""The build environment of Argo CD: what ``$ARGOCD_APP_NAME`` and its like stand for.

Texts are expanded as Go's ``os.Expand`` does (https://pkg.go.dev/os#Expand), for that is what Argo CD
calls; ``$$`` is a dollar sign and a variable that there is none of is empty. The revision is known only
where the source names it in full. It refuses to take one commit for another.

https://argo-cd.readthedocs.io/en/stable/user-guide/build-environment/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from auditor.domain.gitops.argocd_fields import Unknowable
from auditor.domain.manifest import SEALED

PREFIX: Final = "ARGOCD_APP_"
REVISIONS: Final = {
    f"{PREFIX}REVISION": None,
    f"{PREFIX}REVISION_SHORT": 7,
    f"{PREFIX}REVISION_SHORT_8": 8,
}
"""Variables that hold the commit that is rendered, and how much of it."""
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_REFERENCE: Final = re.compile(
    r"\$(?:\{(?P<braced>[^}]*)\}|(?P<open>\{)|(?P<special>[*#$@!?0-9-])|(?P<plain>[A-Za-z_][A-Za-z0-9_]*))",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Variables:
    """What is known of the build environment, by name."""

    known: Mapping[str, str]

    def expand(self, text: str) -> str:
        """Put in what variables stand for.

        Raises:
            Unknowable: the text tells of the revision, which is known only while rendering.

        """
        for name in self._unknown(text):
            raise Unknowable(f"it depends on ${name}, which only Argo CD knows")
        return self.expand_sealed(text)

    def expand_sealed(self, text: str) -> str:
        """Put in what variables stand for, and a seal for what is not known."""
        return _REFERENCE.sub(lambda found: self._value(_name(found)), text)

    def _unknown(self, text: str) -> list[str]:
        names = (_name(found) for found in _REFERENCE.finditer(text))
        return [name for name in names if name in REVISIONS and name not in self.known]

    def _value(self, name: str) -> str:
        if name == "$":
            return name
        return self.known.get(name, SEALED if name in REVISIONS else "")


def _name(found: re.Match[str]) -> str:
    """Name the variable that is referred to; broken references are of a variable without a name."""
    return found["braced"] or found["special"] or found["plain"] or ""


def revision_variables(revision: str, *, is_chart: bool) -> dict[str, str]:
    """The variables that tell the revision, where the source names one that cannot move."""
    if not is_chart and not _COMMIT.fullmatch(revision):
        return {}
    return {name: revision[:length] for name, length in REVISIONS.items()}
