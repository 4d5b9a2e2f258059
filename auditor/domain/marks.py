"""The marks that GitOps tools leave on what they own.

Argo CD: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/ · Flux: the labels
``kustomize.toolkit.fluxcd.io`` and ``helm.toolkit.fluxcd.io`` · Helm:
https://helm.sh/docs/chart_best_practices/labels/. A copied object keeps its mark, so an Argo CD mark
counts only if it names the object that carries it. This module refuses to say whether the owner still
declares the object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest, Owner

APPLICATION_SET: Final = "ApplicationSet"
ARGO_TRACKING: Final = "argocd.argoproj.io/tracking-id"
_ARGO_LABEL: Final = "argocd.argoproj.io/instance"
_INSTANCE_LABEL: Final = "app.kubernetes.io/instance"
"""What Argo CD tracks by unless told otherwise, where it tracks by label."""
_FLUX_KINDS: Final = {
    "Kustomization": "kustomize.toolkit.fluxcd.io",
    "HelmRelease": "helm.toolkit.fluxcd.io",
}
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
    generator = generator_of(manifest)
    return Owner(tool="argocd", name=generator.name) if generator else None


@dataclass(frozen=True, slots=True)
class Keeper:
    """The object that owns another, as far as the other's mark tells; ``None``: any namespace."""

    kind: str
    namespace: str | None
    name: str


def keepers_of(manifest: Manifest) -> Iterator[Keeper]:
    """The owners that an object's marks name, each as an object that may be known.

    Argo CD names an Application outside its own namespace as ``namespace_name``:
    https://argo-cd.readthedocs.io/en/stable/operator-manual/app-any-namespace/.
    """
    if generator := generator_of(manifest):
        yield generator
    annotations, labels = _texts(manifest, "annotations"), _texts(manifest, "labels")
    tracked = _argocd(manifest.ref, labels, annotations)
    label = labels.get(_ARGO_LABEL) or labels.get(_INSTANCE_LABEL)
    app = tracked.name if tracked else label if ARGO_TRACKING not in annotations else None
    if app:
        namespace, _, name = str(app).rpartition("_")
        yield Keeper("Application", namespace or None, name)
    for kind, prefix in _FLUX_KINDS.items():
        if owner := labels.get(f"{prefix}/name"):
            yield Keeper(kind, str(labels.get(f"{prefix}/namespace", "")), str(owner))


def generator_of(manifest: Manifest) -> Keeper | None:
    """The ApplicationSet that made an Application: its mark is that it is the Application's controller.

    https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Application-Deletion/
    """
    references = manifest.metadata.get("ownerReferences")
    for reference in references if isinstance(references, list) else ():
        told = reference if isinstance(reference, Mapping) else {}
        is_argo = str(told.get("apiVersion")).startswith("argoproj.io/")
        if is_argo and told.get("kind") == APPLICATION_SET:
            return Keeper(APPLICATION_SET, manifest.ref.namespace, str(told.get("name")))
    return None


def copied_tracking(manifest: Manifest) -> str:
    """The Application of a tracking id that means another object; empty where there is none such."""
    annotations = _texts(manifest, "annotations")
    app = str(annotations.get(ARGO_TRACKING, "")).partition(":")[0]
    return "" if _argocd(manifest.ref, {}, annotations) else app


def _argocd(ref: ObjectRef, _labels: _Text, annotations: _Text) -> Owner | None:
    """A cluster-scoped object is tracked with the namespace that its Application is for.

    https://github.com/argoproj/argo-cd/blob/v3.1.0/controller/state.go (isSelfReferencedObj)
    """
    app, _, tracked = str(annotations.get(ARGO_TRACKING, "")).partition(":")
    itself, place = f"{ref.group}/{ref.kind}:", f"{ref.namespace}/{ref.name}"
    named = tracked.removeprefix(itself) if tracked.startswith(itself) else ""
    is_itself = named == place if ref.namespace else named.endswith(place)
    return Owner(tool="argocd", name=app) if app and is_itself else None


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
