"""One Kubernetes object as a value, and where it was declared.

A `Manifest` is never changed after it was made: whoever needs another body makes another manifest.
It refuses to know which side (desired or actual) it is on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from auditor.domain.identity import GroupVersionKind, ObjectRef

Body = Mapping[str, Any]
"""A decoded object: JSON values only."""

SEALED: Final = "\0sealed\0"
"""Stands in a declared text for a part that nobody here may know, such as an encrypted value.

A text that holds it anywhere is compared by being there, never by what it says.
"""


def holds_seal(value: Any) -> bool:
    """Tell whether a declared value is sealed or has anything sealed in it, however deep."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if SEALED in each:
                return True
        elif isinstance(each, Mapping):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list | tuple):
            waiting += each
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The place in Git that declares an object. ``line`` is 1-based; ``revision`` a commit id.

    While rendering that is the commit that was rendered; of a finding it is the commit that last changed
    what is declared there, as far as that can be told, and then ``authored`` says when it was written.
    """

    repository: str
    revision: str
    path: str
    line: int | None = None
    authored: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose an object is: the GitOps tool and its own name, and the catalog entity if known.

    ``chain`` names the tool's objects that lead to it, the outermost first, each as a reference is
    printed; ``environment`` is the one that it belongs to, where that is known.
    """

    tool: str
    name: str
    entity: str | None = None
    chain: tuple[str, ...] = ()
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """An object's reference, the API version it is written in, and its body."""

    ref: ObjectRef
    version: str
    body: Body
    origin: Origin | None = None
    owner: Owner | None = None

    @property
    def gvk(self) -> GroupVersionKind:
        """Group, version and kind."""
        return GroupVersionKind(self.ref.group, self.version, self.ref.kind)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The object's metadata; empty where it has none."""
        metadata = self.body.get("metadata")
        return metadata if isinstance(metadata, dict) else {}


def manifest_from(body: Body, *, cluster: str, origin: Origin | None = None) -> Manifest:
    """Wrap a decoded object.

    Raises:
        KeyError: the object lacks ``apiVersion``, ``kind`` or ``metadata.name``.

    """
    gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
    metadata = body["metadata"]
    namespace = metadata.get("namespace") or ""
    ref = ObjectRef(cluster, gvk.group, gvk.kind, namespace, metadata["name"])
    return Manifest(ref=ref, version=gvk.version, body=body, origin=origin)
