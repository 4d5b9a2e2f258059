"""Where the content of one source of an Application lies: in Git or a registry, or a chart of either.

A chart repository is an HTTP address; a registry is named without its scheme, or, where it is the source of
files, with it. Whether such files are a chart only the registry can tell: they are read as files where the
artifact is configured, and else, if they may be one, as a chart of which the last part of the address is the
name. It refuses to say what is done with it.

https://argo-cd.readthedocs.io/en/stable/user-guide/helm/ and
https://argo-cd.readthedocs.io/en/stable/user-guide/oci/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Self

from auditor.domain.gitops.argocd_fields import Fields, Unknowable
from auditor.domain.gitops.branch import Mount
from auditor.domain.remotes import OCI

_HTTP: Final = ("https://", "http://")
_EXACT: Final = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?", re.ASCII)
_RANGE: Final = re.compile(r"[*<>~^=|]|\b[xX]\b")
_FOLLOWED: Final = ("", "HEAD")
_ROOT: Final = ("", ".", "./")
_OTHERS: Final = frozenset({"directory", "kustomize", "plugin"})
"""What a source says of files that are no chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source as it is written. ``name`` tells it from others; ``ref`` is what others call its files."""

    name: str
    fields: Fields
    url: str
    path: str = ""
    chart: str = ""
    ref: str = ""

    @classmethod
    def read(cls, fields: Fields, number: int, *, may_lend: bool = True) -> Self:
        """Read a source that stands at a place (from 1 on) of the list.

        Raises:
            Unknowable: it has no address.

        """
        return cls(
            name=fields.text("name") or str(number),
            fields=fields,
            url=_address(fields),
            path=fields.text("path"),
            chart=fields.text("chart"),
            ref=fields.text("ref") if may_lend else "",
        )

    @classmethod
    def hydrated(cls, hydrator: Fields) -> Self:
        """Read what a hydrator writes and Argo CD applies: https://argo-cd.readthedocs.io/en/stable/user-guide/source-hydrator/.

        Raises:
            Unknowable: it names no branch or no path.

        """
        synced = hydrator.part("syncSource")
        branch, path = synced.text("targetBranch"), synced.text("path")
        if not branch or not path:
            raise Unknowable(f"{synced.place} needs targetBranch and path")
        url = synced.text("repoURL") or _address(hydrator.part("drySource"))
        return cls(
            name="",
            fields=Fields({"targetRevision": branch}, synced.place),
            url=url,
            path=path,
        )

    @property
    def revision(self) -> str:
        """The branch, tag or commit; empty for the one that is followed anyway."""
        written = self.fields.text("targetRevision")
        return "" if written in _FOLLOWED else written

    @property
    def has_content(self) -> bool:
        """Whether something of it is applied, and it does not only lend files."""
        return bool(self.path or self.chart or not self.ref)

    @property
    def is_artifact(self) -> bool:
        """Whether it is an artifact of files in a registry, which may be a chart."""
        return self.url.startswith(OCI) and not self.chart

    @property
    def may_be_chart(self) -> bool:
        """Whether an artifact may be a chart: those are tagged with versions, and lie at the root."""
        is_tagged = bool(_EXACT.fullmatch(self.revision)) or bool(_RANGE.search(self.revision))
        return is_tagged and self.path in _ROOT and not _OTHERS & self.fields.values.keys()

    @property
    def has_exact_chart(self) -> bool:
        """Whether its revision is the version of a chart, and no range of them."""
        is_chart = bool(self.chart) or (self.is_artifact and self.may_be_chart)
        return is_chart and bool(_EXACT.fullmatch(self.revision))


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What of a source is rendered: a path in files, or a chart that needs no files."""

    files: tuple[Mount, ...] = ()
    path: str = ""
    chart: str = ""


def content_of(source: Source) -> Content:
    """Find what of a source is rendered.

    Raises:
        Unknowable: it leads nowhere, or to what cannot be fetched.

    """
    if source.chart:
        return Content(chart=chart_options(source)["chart"])
    if not source.path and not source.is_artifact:
        raise Unknowable(f"{source.fields.place} has neither path nor chart")
    if source.path.startswith("/"):
        raise Unknowable(f"{source.fields.place}.path starts with a slash, which Argo CD refuses")
    if source.fields.text("tagPrefix") and _RANGE.search(source.revision):
        raise Unknowable(f"{source.fields.place}.tagPrefix is not supported here")
    if source.is_artifact and not source.revision:
        raise Unknowable(f"{source.fields.place}.targetRevision is needed for an artifact")
    return Content(files=(Mount(url=source.url, revision=source.revision),), path=source.path)


def otherwise(source: Source) -> Content | None:
    """What an artifact is that is not configured; nothing where it can only be files."""
    if not (source.is_artifact and source.may_be_chart):
        return None
    return Content(chart=chart_options(source)["chart"])


def chart_options(source: Source) -> dict[str, Any]:
    """Options that name the chart of a source.

    Raises:
        Unknowable: the chart has no version, or no address.

    """
    version = source.fields.text("targetRevision")
    if not version:
        raise Unknowable(f"{source.fields.place}.targetRevision is needed for a chart")
    repository, chart = _chart_address(source)
    return {"repository": repository, "chart": chart, "version": version}


def _chart_address(source: Source) -> tuple[str, str]:
    """Tell a chart's repository from its name; the name of one in a registry may be a path."""
    if source.chart and source.url.startswith(_HTTP):
        return source.url, source.chart
    address = f"{source.url.removeprefix(OCI).strip('/')}/{source.chart}".strip("/")
    registry, _, chart = address.rpartition("/")
    if not registry or not chart:
        raise Unknowable(f"{source.fields.place}.repoURL names no chart of a registry")
    return f"{OCI}{registry}", chart


def _address(fields: Fields) -> str:
    url = fields.text("repoURL")
    if not url:
        raise Unknowable(f"{fields.place}.repoURL is missing")
    return url
