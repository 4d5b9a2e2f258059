"""What a Flux Kustomization has applied.

https://fluxcd.io/flux/components/kustomize/kustomizations/. That it is suspended changes nothing: what is
declared stays declared. This module refuses to build anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from auditor.domain.gitops.branch import Branch, DeadEnd, Destination, Surroundings
from auditor.domain.gitops.flux_fields import (
    Reference,
    clean,
    flag,
    part,
    span,
    text,
    texts,
    words,
)
from auditor.domain.gitops.flux_patches import patches_of
from auditor.domain.gitops.flux_sources import Sources
from auditor.domain.gitops.flux_variables import Variables, variables_of
from auditor.domain.manifest import Manifest, holds_seal

_RENAMED: Final = {"targetNamespace": "namespace"}
_TEXTS: Final = ("targetNamespace", "namePrefix", "nameSuffix")


def read_kustomization(owner: Manifest, around: Surroundings) -> Iterator[Branch | DeadEnd]:
    """Say what a Kustomization has applied: one branch, or why it cannot be known."""
    spec = part(owner.body, "spec")
    known = {key: value for key, value in spec.items() if key != "postBuild"}
    if holds_seal(known):
        yield DeadEnd(reason="its spec holds what is encrypted or comes from a Secret")
        return
    source = Reference.read(part(spec, "sourceRef"), namespace=owner.ref.namespace)
    path = clean(text(spec, "path"))
    files = Sources(owner, around).files(source, path)
    variables = variables_of(owner, around)
    if isinstance(files, DeadEnd):
        yield files
    elif isinstance(variables, DeadEnd):
        yield variables
    else:
        yield Branch(
            files=files,
            path=path,
            renderer="flux",
            options=_options(owner, variables),
            namespace=text(spec, "targetNamespace"),
            destination=destination_of(owner),
            interval=span(spec, "interval"),
        )


def destination_of(owner: Manifest) -> Destination:
    """Name the cluster that an owner of Flux's is for, by what holds the kubeconfig."""
    config = part(owner.body, "spec", "kubeConfig")
    name = text(config, "secretRef", "name") or text(config, "configMapRef", "name")
    return Destination(name=f"kubeconfig:{owner.ref.namespace}/{name}") if name else Destination()


def metadata_of(owner: Manifest) -> dict[str, dict[str, str]]:
    """The labels and annotations that Flux puts on all that an owner applies, its own labels included."""
    common = part(owner.body, "spec", "commonMetadata")
    mine = {f"{owner.ref.group}/name": owner.ref.name}
    mine |= {f"{owner.ref.group}/namespace": owner.ref.namespace}
    labels, annotations = texts(common, "labels") | mine, texts(common, "annotations")
    return {"labels": labels} | ({"annotations": annotations} if annotations else {})


def _options(owner: Manifest, variables: Variables) -> dict[str, Any]:
    spec = part(owner.body, "spec")
    options = {
        "overlay": _overlay(spec),
        "ignoreMissingComponents": flag(spec, "ignoreMissingComponents"),
        "substitute": variables.values,
        "sealed": sorted(variables.sealed),
        "sealOthers": variables.hides_others,
        "decryption": bool(text(spec, "decryption", "provider")),
    }
    said = {name: value for name, value in options.items() if value}
    return said | {"commonMetadata": metadata_of(owner)}


def _overlay(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What is laid over the kustomization at the path, under the names that kustomize has for it."""
    overlay: dict[str, Any] = {
        _RENAMED.get(name, name): value for name in _TEXTS if (value := text(spec, name))
    }
    if components := list(words(spec, "components")):
        overlay["components"] = components
    return overlay | patches_of(spec)
