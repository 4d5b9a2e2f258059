"""The marks that GitOps tools leave on what they own.

Argo CD: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/ · Flux: the labels
``kustomize.toolkit.fluxcd.io`` and ``helm.toolkit.fluxcd.io`` · Helm:
https://helm.sh/docs/chart_best_practices/labels/. A copied object keeps its mark, so an Argo CD mark
counts only if it names the object that carries it. This module refuses to say whether the owner still
declares the object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest, Owner

ARGO_TRACKING: Final = "argocd.argoproj.io/tracking-id"
_Text = Mapping[str, Any]


def owner_of(manifest: Manifest | None) -> Owner | None:
    """Whose an object is: as its renderer said, or by the marks that it carries."""
    if manifest is None or manifest.owner is not None:
        return manifest.owner if manifest else None
    annotations = _texts(manifest, "annotations")
    labels = _texts(manifest, "labels")
    for read in _READERS:
        owner = read(manifest.ref, labels, annotations)
        if owner is not None:
            return owner
    return None


def _argocd(ref: ObjectRef, _labels: _Text, annotations: _Text) -> Owner | None:
    app, _, tracked = str(annotations.get(ARGO_TRACKING, "")).partition(":")
    itself = f"{ref.group}/{ref.kind}:"
    if not app or not tracked.startswith(itself) or not tracked.endswith(f"/{ref.name}"):
        return None
    return Owner(tool="argocd", name=app)


def _flux(tool: str, prefix: str) -> Callable[[ObjectRef, _Text, _Text], Owner | None]:
    def read(_ref: ObjectRef, labels: _Text, _annotations: _Text) -> Owner | None:
        name = labels.get(f"{prefix}/name")
        namespace = labels.get(f"{prefix}/namespace", "")
        return Owner(tool=tool, name=f"{namespace}/{name}") if name else None

    return read


def _helm(_ref: ObjectRef, _labels: _Text, annotations: _Text) -> Owner | None:
    release = annotations.get("meta.helm.sh/release-name")
    namespace = annotations.get("meta.helm.sh/release-namespace", "")
    return Owner(tool="helm", name=f"{namespace}/{release}") if release else None


_READERS: Final = (
    _argocd,
    _flux("flux", "kustomize.toolkit.fluxcd.io"),
    _flux("flux", "helm.toolkit.fluxcd.io"),
    _helm,
)


def _texts(manifest: Manifest, field: str) -> _Text:
    value = manifest.metadata.get(field)
    return value if isinstance(value, dict) else {}
