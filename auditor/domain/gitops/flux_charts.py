"""The chart of a HelmRelease: from Git, from a chart repository, or from a registry.

https://fluxcd.io/flux/components/helm/helmreleases/#chart-source. It refuses to fetch a chart, and to choose
among versions: a range is handed on as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from auditor.domain.gitops.branch import DeadEnd, Mount
from auditor.domain.gitops.flux_fields import Reference, clean, flag, part, text, words
from auditor.domain.gitops.flux_mounts import Mounts, beneath, joined
from auditor.domain.gitops.flux_sources import Sources, pulled_revision
from auditor.domain.manifest import Manifest
from auditor.domain.remotes import OCI

_OWN_VALUES: Final = "values.yaml"
_LATEST: Final = "*"
_VERSION: Final = re.compile(r"v?\d+(\.\d+){0,2}([-+][0-9A-Za-z.+-]+)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Where a chart is: at a path of some files, or at the address that the options tell."""

    files: Mounts = ()
    path: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


def chart_of(owner: Manifest, sources: Sources) -> Chart | DeadEnd:
    """Find the chart that a HelmRelease installs."""
    spec, namespace = part(owner.body, "spec"), owner.ref.namespace
    template = part(spec, "chart", "spec")
    if template:
        return _templated(template, sources, namespace)
    source = Reference.read(part(spec, "chartRef"), namespace=namespace)
    if source.kind == "ExternalArtifact":
        return _composed(source, sources)
    found = sources.find(source)
    if isinstance(found, DeadEnd):
        return found
    if source.kind == "HelmChart":
        return _templated(part(found.body, "spec"), sources, source.namespace)
    if source.kind == "OCIRepository":
        return _pinned(found, source)
    return DeadEnd(reason=f"{source} is no source of charts")


# --- from a chart repository or from Git -----------------------------------------------------------


def _templated(template: Mapping[str, Any], sources: Sources, namespace: str) -> Chart | DeadEnd:
    """Find what a HelmChart says; that of a HelmRelease is said in place."""
    source = Reference.read(part(template, "sourceRef"), namespace=namespace)
    name = text(template, "chart")
    if not name:
        return DeadEnd(reason="it names no chart")
    if source.kind == "HelmRepository":
        return _released(template, sources, source)
    path = clean(name)
    files = sources.files(source, path)
    if isinstance(files, DeadEnd):
        return files
    options = _values_options(template, folder=path, prefix="/")
    if isinstance(options, DeadEnd):
        return options
    return Chart(files=files, path=path, options=options)


def _released(template: Mapping[str, Any], sources: Sources, source: Reference) -> Chart | DeadEnd:
    found = sources.find(source)
    if isinstance(found, DeadEnd):
        return found
    options = _values_options(template)
    if isinstance(options, DeadEnd):
        return options
    url = text(found.body, "spec", "url").rstrip("/")
    address = f"{url}/{clean(text(template, 'chart'))}"
    repository, _, name = address.rpartition("/")
    if not url.startswith(OCI):
        repository, name = url, text(template, "chart")
    version = text(template, "version") or _LATEST
    return Chart(options={"repository": repository, "chart": name, "version": version, **options})


def _values_options(
    template: Mapping[str, Any], *, folder: str = "", prefix: str = ""
) -> dict[str, Any] | DeadEnd:
    """Values files, which stand *for* a chart's own values: so these must be among them.

    They are named from the root of the source, which for a fetched chart is the chart.
    """
    files = [clean(file) for file in _values_files(template)]
    if not files:
        return {}
    if joined(folder, _OWN_VALUES) not in files:
        return DeadEnd(reason=f"its valuesFiles replace the chart's own {_OWN_VALUES}")
    options: dict[str, Any] = {"valuesFiles": [f"{prefix}{file}" for file in files]}
    if flag(template, "ignoreMissingValuesFiles"):
        options["ignoreMissingValuesFiles"] = True
    return options


def _values_files(template: Mapping[str, Any]) -> Iterable[str]:
    deprecated = text(template, "valuesFile")
    return (*([deprecated] if deprecated else ()), *words(template, "valuesFiles"))


# --- from a registry -------------------------------------------------------------------------------


def _pinned(found: Manifest, source: Reference) -> Chart | DeadEnd:
    """https://fluxcd.io/flux/components/source/ocirepositories/#reference.

    A digest there is that of the image, which is not that of the chart's archive: beside an exact tag it
    is left to the registry. What has no version is an artifact of files, at whose root the chart lies, where
    it is configured as one.
    """
    spec = part(found.body, "spec")
    url = text(spec, "url").rstrip("/")
    repository, _, name = url.rpartition("/")
    version = _version(part(spec, "ref"))
    if not url.startswith(OCI) or not name:
        return DeadEnd(reason=f"{source} has no url of the form {OCI}registry/chart")
    if version:
        return Chart(options={"repository": repository, "chart": name, "version": version})
    revision = pulled_revision(spec)
    if not revision:
        return DeadEnd(reason=f"{source} chooses among tags by a pattern (spec.ref.semverFilter)")
    return Chart(files=(Mount(url=url, revision=revision),))


def _version(ref: Mapping[str, Any]) -> str:
    tag, _, digest = text(ref, "tag").partition("@")
    wanted = text(ref, "semver")
    if wanted and not text(ref, "semverFilter") and not text(ref, "digest"):
        return wanted
    exact = _VERSION.fullmatch(tag.replace("_", "+"))
    is_tagged = bool(exact) and (not wanted or bool(text(ref, "digest") or digest))
    return tag.replace("_", "+") if is_tagged else ""


# --- from an ArtifactGenerator ---------------------------------------------------------------------


def _composed(source: Reference, sources: Sources) -> Chart | DeadEnd:
    """Find the chart in an artifact: it lies in the one folder at the top, as in a packed chart."""
    files = sources.files(source, "")
    if isinstance(files, DeadEnd):
        return files
    tops = {mount.at.partition("/")[0] for mount in files}
    top = tops.pop() if len(tops) == 1 else ""
    if not top or any(beneath(mount.at, top) is None for mount in files):
        return DeadEnd(reason=f"{source} does not tell the folder that its chart is in")
    return Chart(files=files, path=top)
