"""What an object was rendered from, so that its fields can be traced through overlays and values.

It refuses to read any of it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from auditor.domain.fieldpath import FieldPath
from auditor.domain.finding import Finding
from auditor.domain.history import Layers
from auditor.sources.git.declaring import Declarer, Rendered, mounts_of
from auditor.state.roots import Mounted, Root

_PLAIN = "plain"
"""The renderer that takes files as they are."""
_MANY = 1_000
"""Of so many roots files are remembered; roots come and go."""
_SECRET = "Secret"  # noqa: S105 - a kind


class Ingredients:
    """The files and the owner behind what is declared, root by root."""

    def __init__(self, declarer: Declarer) -> None:
        self._declarer = declarer
        self._files: dict[tuple[str, str], tuple[Rendered, tuple[str, ...]]] = {}

    def of(self, finding: Finding, fields: Collection[FieldPath]) -> Layers | None:
        """What may say more of declared fields than the object's own file; ``None`` if nothing."""
        desired, origin = self._declarer.outlets.desired, finding.origin
        name = desired.objects.root_of(finding.ref)
        rendered = self._declarer.rendered.get(name or "")
        if origin is None or name is None or rendered is None:
            return None
        if rendered.renderer == _PLAIN:
            return None
        root = desired.roots[name].root
        owner = self._declarer.called_for_at(root)
        is_near = owner is not None and owner.repository == origin.repository
        return Layers(
            kind=finding.ref.kind,
            name=finding.ref.name,
            said=_said(finding, fields),
            base=_base(root, origin.repository),
            renderer=rendered.renderer,
            files=self._of_repository(root, rendered, origin.repository),
            owner=(owner.path, owner.line) if owner is not None and is_near else None,
        )

    def _of_repository(self, root: Root, rendered: Rendered, repository: str) -> tuple[str, ...]:
        """The files of one repository that went into a root; asked for at every finding below it."""
        known = self._files.get((root.name, repository))
        if known is not None and known[0] is rendered:
            return known[1]
        if len(self._files) > _MANY:
            self._files.clear()
        mounts = [mount for mount in mounts_of(root) if mount.repository == repository]
        paths = (_inside(path, mounts) for path in rendered.read)
        files = tuple(path for path in paths if path is not None)
        self._files[root.name, repository] = rendered, files
        return files


def _inside(path: str, mounts: Collection[Mounted]) -> str | None:
    """The path that a file has in its repository; ``None`` if it is of another one."""
    found = (mount.inward(path) for mount in mounts)
    return next((each for each in found if each is not None), None)


def _base(root: Root, repository: str) -> str:
    mounts = [mount for mount in mounts_of(root) if mount.repository == repository]
    return _inside(root.request.path.strip("/"), mounts) or ""


def _said(finding: Finding, fields: Collection[FieldPath]) -> tuple[str | None, ...]:
    """What fields are declared to be. Nothing is said of a Secret, whose values are seen by nobody."""
    declared = {one.path: one.desired for one in finding.differences}
    if finding.ref.kind == _SECRET:
        return (None,) * len(fields)
    return tuple(_text(declared[path]) for path in fields)


def _text(value: Any) -> str | None:
    """A scalar as YAML has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None
