"""What ``helm template`` prints: objects, each from a template that a comment names, and hooks among them.

A hook lives only while helm works, so a cluster without it is no drift: hooks are left out by name. It
refuses to sort or to complete objects: they are declared as printed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from auditor.domain.manifest import Manifest, Origin, manifest_from
from auditor.errors import ManifestError
from auditor.ports import Skipped, Tree
from auditor.renderers.documents import Found, LeftOut, read_objects
from auditor.renderers.places import Places
from auditor.renderers.workspace import find_blob, join

HOOK: Final = "helm.sh/hook"
"""https://helm.sh/docs/topics/charts_hooks/"""
_SOURCE: Final = re.compile(r"^---\n# Source: (.*)$", re.MULTILINE)
_DEFINITIONS: Final = re.compile(r"[^/]+/(?:charts/[^/]+/)*crds/")
_ARCHIVED: Final = re.compile(r"(charts/)([^/]+)/.*")


@dataclass(frozen=True, slots=True)
class Printed:
    """What templates made, what lies in ``crds/`` of charts, and documents that are left out."""

    definitions: tuple[Manifest, ...]
    manifests: tuple[Manifest, ...]
    skipped: tuple[Skipped, ...]


def read_output(output: bytes, places: TemplatePlaces, cluster: str) -> Printed:
    """Read all that helm printed.

    Raises:
        ManifestError: a template made what is no YAML; names the template.

    """
    definitions: list[Manifest] = []
    manifests: list[Manifest] = []
    skipped: list[Skipped] = []
    for template, text in _passages(output.decode(errors="replace")):
        path = places.path(template)
        for part in _parts(text, path):
            if isinstance(part, LeftOut):
                skipped.append(Skipped(path=path, line=None, reason=part.reason))
                continue
            origin = places.origin(template, part.body)
            hook = _hook(part.body)
            if hook is None:
                made = definitions if _DEFINITIONS.match(template) else manifests
                made.append(manifest_from(part.body, cluster=cluster, origin=origin))
            else:
                reason = f"is a Helm hook ({hook}), which lives only while helm works"
                skipped.append(Skipped(path=origin.path, line=origin.line, reason=reason))
    return Printed(tuple(definitions), tuple(manifests), tuple(skipped))


def _passages(text: str) -> Iterator[tuple[str, str]]:
    """Cut the output where helm says which template follows."""
    _, *rest = _SOURCE.split(f"{text}\n")
    yield from zip(rest[::2], rest[1::2], strict=True)


def _parts(text: str, path: str) -> Iterator[Found | LeftOut]:
    try:
        yield from read_objects(text.encode(), path)
    except ManifestError as error:
        place = "" if error.line is None else f" in line {error.line} of what it renders"
        raise ManifestError(f"{error.reason.rstrip('.')}{place}.", path=path) from error


def _hook(body: dict[str, Any]) -> str | None:
    annotations = body["metadata"].get("annotations") or {}
    return str(annotations[HOOK]) if HOOK in annotations else None


class TemplatePlaces:
    """Where in a tree the templates of one chart are.

    ``folder`` is the chart's; without one (a fetched chart) all comes from ``fallback``. ``moved`` maps
    places of dependencies in the tree to the places where helm found them.
    """

    def __init__(
        self, tree: Tree, *, folder: str | None, fallback: str, moved: dict[str, str]
    ) -> None:
        self._tree = tree
        self._places = Places(tree)
        self._folder = folder
        self._fallback = fallback
        self._moved = moved

    def origin(self, template: str, body: dict[str, Any]) -> Origin:
        """Say where an object comes from that a template made."""
        return self._places.origin(self.path(template), body)

    def path(self, template: str) -> str:
        """Find a template (``chart/templates/web.yaml``, as helm names it) in the tree."""
        if self._folder is None:
            return self._fallback
        inner = template.partition("/")[2]
        path = self._unmoved(join(self._folder, inner))
        if find_blob(self._tree, path) is not None:
            return path
        return self._archive(inner) or self._fallback

    def _unmoved(self, path: str) -> str:
        for origin, place in self._moved.items():
            if path.startswith(f"{place}/"):
                return join(origin, path.removeprefix(f"{place}/"))
        return path

    def _archive(self, inner: str) -> str | None:
        """Find the packed chart that holds a template."""
        found = _ARCHIVED.match(inner)
        if found is None or self._folder is None:
            return None
        charts = join(self._folder, "charts")
        try:
            blobs = list(self._tree.blobs(charts))
        except ManifestError:
            return None
        names = (blob.path for blob in blobs if posixpath.dirname(blob.path) == charts)
        return next((n for n in names if posixpath.basename(n).startswith(f"{found[2]}-")), None)
