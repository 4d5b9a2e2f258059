"""What one reflector follows: a kind in one API version, everywhere or in one namespace."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.domain.identity import GroupVersionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A kind as the API serves it. ``resource`` is its plural; an empty namespace means all."""

    gvk: GroupVersionKind
    resource: str
    namespace: str = ""

    @property
    def path(self) -> str:
        """Where it is listed and watched."""
        root = f"/apis/{self.gvk.api_version}" if self.gvk.group else f"/api/{self.gvk.version}"
        within = f"/namespaces/{self.namespace}" if self.namespace else ""
        return f"{root}{within}/{self.resource}"

    def __str__(self) -> str:
        """Print ``deployments.apps/v1``, with the namespace if there is one."""
        name = f"{self.resource}.{self.gvk.api_version}" if self.gvk.group else self.resource
        return f"{name} in {self.namespace}" if self.namespace else name
