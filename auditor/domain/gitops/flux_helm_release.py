"""What a Flux HelmRelease has installed.

https://fluxcd.io/flux/components/helm/helmreleases/. That it is suspended changes nothing: what is declared
stays declared. This module refuses to render a chart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from auditor.domain.gitops.branch import Branch, DeadEnd, Surroundings
from auditor.domain.gitops.flux_charts import Chart, chart_of
from auditor.domain.gitops.flux_fields import entries, flag, part, span, text
from auditor.domain.gitops.flux_kustomization import destination_of, metadata_of
from auditor.domain.gitops.flux_patches import patches_of
from auditor.domain.gitops.flux_sources import Sources
from auditor.domain.gitops.flux_values import Values, values_of
from auditor.domain.manifest import Manifest, holds_seal

_LONGEST: Final = 53
"""Helm's limit on the names of releases."""
_HASH: Final = 12


def read_helm_release(owner: Manifest, around: Surroundings) -> Iterator[Branch | DeadEnd]:
    """Say what a HelmRelease has installed: one branch, or why it cannot be known."""
    spec = part(owner.body, "spec")
    if reason := _unknowable(spec):
        yield DeadEnd(reason=reason)
        return
    chart = chart_of(owner, Sources(owner, around))
    values = values_of(owner, around)
    if isinstance(chart, DeadEnd):
        yield chart
    elif isinstance(values, DeadEnd):
        yield values
    else:
        yield Branch(
            files=chart.files,
            path=chart.path,
            renderer="helm",
            options=_options(owner, chart, values),
            namespace=text(spec, "targetNamespace") or owner.ref.namespace,
            destination=destination_of(owner),
            interval=span(spec, "interval"),
        )


def release_name(owner: Manifest) -> str:
    """The name of a HelmRelease's release, shortened as helm-controller does.

    https://fluxcd.io/flux/components/helm/helmreleases/#release-name
    """
    spec = part(owner.body, "spec")
    target = text(spec, "targetNamespace")
    made = f"{target}-{owner.ref.name}" if target else owner.ref.name
    name = text(spec, "releaseName") or made
    if len(name) <= _LONGEST:
        return name
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
    return f"{name[: _LONGEST - _HASH - 1]}-{digest[:_HASH]}"


def _unknowable(spec: Mapping[str, Any]) -> str:
    """Why nobody can know what is installed, as far as the spec tells; empty where it does not.

    A chart may hash a value or encode it, so that what was made with an unknown one is not told apart.
    """
    if holds_seal(spec):
        return "its spec holds what is encrypted or comes from a Secret"
    if flag(spec, "upgrade", "preserveValues"):
        return "it keeps values of earlier releases (spec.upgrade.preserveValues)"
    return ""


def _options(owner: Manifest, chart: Chart, values: Values) -> dict[str, Any]:
    spec = part(owner.body, "spec")
    metadata = metadata_of(owner)
    options: dict[str, Any] = {**chart.options, "releaseName": release_name(owner)}
    options |= {"valuesDocuments": values.documents} if values.documents else {}
    options |= {"values": written} if (written := dict(part(spec, "values"))) else {}
    options |= {"parameters": values.parameters} if values.parameters else {}
    renderers = (patches_of(part(each, "kustomize")) for each in entries(spec, "postRenderers"))
    if post := [each for each in renderers if each]:
        options["postRender"] = post
    install = part(spec, "install")
    if text(install, "crds") == "Skip" or flag(install, "skipCRDs"):
        options["includeCrds"] = False
    return options | {"commonMetadata": metadata}
