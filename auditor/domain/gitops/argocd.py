"""What an Application of Argo CD has applied: each of its sources with content, for its destination.

A source becomes a branch for the renderer ``argocd``, which looks at the files and has the right tool render
them. Sources with a ``ref`` lend files to the others: they are seen at ``$ref``. With a hydrator the
rendered branch is what Argo CD applies, so that is read, and the dry source is not. What Argo CD could not
apply, or nobody outside of it can know, is a dead end with its reason.

https://argo-cd.readthedocs.io/en/stable/user-guide/application-specification/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from auditor.domain.gitops.argocd_fields import Fields, Unknowable
from auditor.domain.gitops.argocd_helm import referred
from auditor.domain.gitops.argocd_sources import (
    Content,
    Source,
    chart_options,
    content_of,
    otherwise,
)
from auditor.domain.gitops.argocd_tools import SECTIONS, Setting, Tool, named_tool, tool_options
from auditor.domain.gitops.argocd_variables import PREFIX, Variables, revision_variables
from auditor.domain.gitops.branch import Branch, DeadEnd, Destination, Mount, Surroundings
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest

RENDERER: Final = "argocd"
_USUAL_NAMESPACE: Final = "argocd"
_SETTINGS: Final = "argocd-cm"
"""https://argo-cd.readthedocs.io/en/stable/operator-manual/argocd-cm-yaml/"""
_INTERVAL: Final = timedelta(minutes=3)
"""How often Argo CD looks at Git unless told otherwise: two minutes, and up to one of jitter."""
_BESIDE: Final = "cnoe://"
"""A folder beside the file of the Application, of which idpbuilder makes a repository of its own:
https://github.com/cnoe-io/idpbuilder"""
_INFLATING: Final = "--enable-helm"
_DURATION: Final = re.compile(r"(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?", re.ASCII)


def read_application(manifest: Manifest, surroundings: Surroundings) -> Iterator[Branch | DeadEnd]:
    """Say what an Application calls for: a branch for each source with content."""
    try:
        application = _application(manifest, surroundings)
    except Unknowable as reason:
        yield DeadEnd(reason=str(reason))
        return
    several = len(application.contents) > 1
    for source in application.contents:
        name = source.name if several else ""
        try:
            yield _branch(application, source, name)
        except Unknowable as reason:
            yield DeadEnd(reason=str(reason), name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Application:
    """What all sources of an Application share.

    ``name`` is what Argo CD marks objects with, ``release`` what it calls a release of helm; ``home`` is
    the folder of the file that declares it, where one does.
    """

    name: str
    release: str
    spec: Fields
    destination: Fields
    sources: tuple[Source, ...]
    settings: Mapping[str, Any]
    home: str | None

    @property
    def contents(self) -> tuple[Source, ...]:
        """The sources that have content of their own."""
        return tuple(source for source in self.sources if source.has_content)

    @property
    def lenders(self) -> dict[str, Source]:
        """The sources that lend files to others, by where those see them: ``$name``."""
        return {f"${source.ref}": source for source in self.sources if source.ref}


def _application(manifest: Manifest, surroundings: Surroundings) -> _Application:
    """Read what an Application says of all its sources.

    Raises:
        Unknowable: Argo CD applies nothing of it.

    """
    if manifest.metadata.get("deletionTimestamp"):
        raise Unknowable("it is being deleted, and what it applied may go with it")
    spec = Fields(manifest.body, "").part("spec")
    application = _Application(
        name=_instance(manifest, surroundings),
        release=manifest.ref.name,
        spec=spec,
        destination=_destination(spec),
        sources=tuple(_sources(spec)),
        settings=_settings(manifest.ref, manifest.ref.namespace, surroundings) or {},
        home=posixpath.dirname(manifest.origin.path) if manifest.origin else None,
    )
    if not application.contents:
        raise Unknowable("it names no source with a path or a chart")
    return application


def _destination(spec: Fields) -> Fields:
    destination = spec.part("destination")
    named = [field for field in ("name", "server") if destination.text(field)]
    if len(named) != 1:
        why = "neither name nor server" if not named else "both name and server"
        raise Unknowable(f"{destination.place} has {why}, where Argo CD needs one of them")
    return destination


def _sources(spec: Fields) -> Iterator[Source]:
    """Yield the sources that Argo CD applies: of a hydrator, or several, or else the only one."""
    if "sourceHydrator" in spec:
        yield Source.hydrated(spec.part("sourceHydrator"))
    elif spec.parts("sources"):
        for number, fields in enumerate(spec.parts("sources"), start=1):
            yield Source.read(fields, number)
    elif "source" in spec:
        yield Source.read(spec.part("source"), 1, may_lend=False)


def _branch(application: _Application, source: Source, name: str) -> Branch:
    """Make a branch of one source.

    Raises:
        Unknowable: what it says cannot be had.

    """
    found = _made(application, source, name, content_of(source))
    unconfigured = otherwise(source)
    if unconfigured is None:
        return found
    return replace(found, otherwise=_made(application, source, name, unconfigured))


def _made(application: _Application, source: Source, name: str, content: Content) -> Branch:
    lenders = application.lenders
    setting = Setting(
        release=application.release,
        variables=_variables(application, source),
        refs=frozenset(lenders),
    )
    tool = Tool.HELM if content.chart else named_tool(source.fields)
    if tool is not None:
        tool_options(tool, source.fields, setting)
    used = sorted(referred(source.fields) & lenders.keys())
    lent = (_mount(application, lenders[at], at) for at in used)
    return Branch(
        name=name,
        mark=application.name,
        files=(*(_mount(application, source) for _ in content.files), *lent),
        path=content.path,
        renderer=RENDERER,
        options=_options(application, source, setting)
        | (chart_options(source) if content.chart else {}),
        namespace=application.destination.text("namespace"),
        destination=Destination(
            name=application.destination.text("name"),
            server=application.destination.text("server"),
        ),
        interval=_interval(application.settings),
    )


def _mount(application: _Application, source: Source, at: str = "") -> Mount:
    """Say which files a source is about.

    Raises:
        Unknowable: they lie beside a file that nobody knows, or in no repository.

    """
    if not source.url.startswith(_BESIDE):
        return Mount(url=source.url, revision=source.revision, at=at)
    if application.home is None:
        raise Unknowable(f"{source.url} lies beside the file that declares it, and none does")
    beside = source.url.removeprefix(_BESIDE).lstrip("/")
    inside = posixpath.normpath(posixpath.join(application.home, beside))
    if inside.split("/")[0] == "..":
        raise Unknowable(f"{source.url} leaves the repository that the Application lies in")
    return Mount(under="" if inside == "." else inside, at=at)


def _options(application: _Application, source: Source, setting: Setting) -> dict[str, Any]:
    """Hand on what a source says to its tool, with what its words depend on."""
    written = {name: source.fields.values[name] for name in SECTIONS if name in source.fields}
    found = {
        "application": application.name,
        "release": setting.release,
        "source": written,
        "variables": dict(setting.variables.known),
        "refs": sorted(setting.refs),
        "inflate": _INFLATING in str(application.settings.get("kustomize.buildOptions", "")),
    }
    return {name: value for name, value in found.items() if value}


def _variables(application: _Application, source: Source) -> Variables:
    project = application.spec.text("project") or "default"
    known = {
        "NAME": application.name,
        "NAMESPACE": application.destination.text("namespace"),
        "PROJECT_NAME": project,
        "SOURCE_PATH": source.path,
        "SOURCE_REPO_URL": source.url,
        "SOURCE_TARGET_REVISION": source.fields.text("targetRevision"),
    }
    return Variables(
        {f"{PREFIX}{name}": value for name, value in known.items()}
        | revision_variables(source.fields.text("targetRevision"), is_chart=source.has_exact_chart)
    )


def _instance(manifest: Manifest, surroundings: Surroundings) -> str:
    """Name an Application as Argo CD does: with its namespace, if that is not Argo CD's own.

    https://argo-cd.readthedocs.io/en/stable/operator-manual/app-any-namespace/
    """
    ref = manifest.ref
    own = not ref.namespace or ref.namespace == _USUAL_NAMESPACE
    if own or _settings(ref, ref.namespace, surroundings) is not None:
        return ref.name
    elsewhere = _settings(ref, _USUAL_NAMESPACE, surroundings)
    return ref.name if elsewhere is None else f"{ref.namespace}_{ref.name}"


def _settings(
    ref: ObjectRef, namespace: str, surroundings: Surroundings
) -> Mapping[str, Any] | None:
    """Argo CD's own settings, if they are kept in a namespace and may be looked at."""
    place = namespace or _USUAL_NAMESPACE
    found = surroundings.find(ObjectRef(ref.cluster, "", "ConfigMap", place, _SETTINGS))
    if found is None:
        return None
    data = found.body.get("data")
    return data if isinstance(data, dict) else {}


def _interval(settings: Mapping[str, Any]) -> timedelta:
    """How often Argo CD looks at Git: its settings, or what it does without."""
    found = _DURATION.fullmatch(str(settings.get("timeout.reconciliation", "")))
    if found is None or not any(found.groups()):
        return _INTERVAL
    hours, minutes, seconds = (int(number or 0) for number in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds) or _INTERVAL
