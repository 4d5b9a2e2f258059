"""What the renderer ``applicationset`` is told by whoever reads an ApplicationSet.

It refuses to know what the set means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from auditor.config.sections import Section
from auditor.renderers.applicationset.clusters import KnownCluster
from auditor.renderers.applicationset.sources import MountedRepository


class ApplicationSetOptions(Section):
    """Options of the renderer ``applicationset``."""

    application_set: dict[str, Any]
    """The ApplicationSet itself, without the generators that cannot be computed."""

    clusters: tuple[KnownCluster, ...] = ()
    """The clusters that Argo CD has Secrets of."""

    repositories: tuple[MountedRepository, ...] = ()
    """Where in the tree the files of each repository lie that a Git generator names."""

    file: str = ""
    """The file of the tree that declares the set; empty: none does."""

    line: int | None = Field(default=None, ge=1)
    """The line of that file on which the set begins."""

    strict_globs: bool = False
    """Whether the controller runs with its new, strict patterns of files."""

    hidden_folders: bool = False
    """Whether the controller looks at folders whose name begins with a dot."""

    @property
    def spec(self) -> Mapping[str, Any]:
        """What the set says."""
        spec = self.application_set.get("spec")
        return spec if isinstance(spec, Mapping) else {}

    @property
    def project(self) -> str:
        """The AppProject that the template names, by which the controller looks at Git."""
        template = self.spec.get("template")
        spec = template.get("spec") if isinstance(template, Mapping) else None
        return str(spec.get("project") or "") if isinstance(spec, Mapping) else ""

    @property
    def uses_go(self) -> bool:
        """Whether its templates are Go's."""
        return self.spec.get("goTemplate") is True
