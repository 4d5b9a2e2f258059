"""The kinds of owners, by their names in the API.

https://fluxcd.io/flux/components/ and https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/.
It refuses to know what any of them says.
"""

from __future__ import annotations

from typing import Final

from auditor.domain.identity import GroupKind

APPLICATION: Final = GroupKind("argoproj.io", "Application")
APPLICATION_SET: Final = GroupKind("argoproj.io", "ApplicationSet")
KUSTOMIZATION: Final = GroupKind("kustomize.toolkit.fluxcd.io", "Kustomization")
RELEASE: Final = GroupKind("helm.toolkit.fluxcd.io", "HelmRelease")
