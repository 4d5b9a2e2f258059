"""Which object is meant.

An object is one and the same across API versions, so identity is cluster, group, kind, namespace and
name: a version bump is not a new object. This module refuses to know what is in an object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True, order=True)
class GroupKind:
    """A kind of object, whatever its version. ``group`` is empty for the core group."""

    group: str
    kind: str

    def __str__(self) -> str:
        """Print ``apps/Deployment``, or ``Service`` for the core group."""
        return f"{self.group}/{self.kind}" if self.group else self.kind


@dataclass(frozen=True, slots=True, order=True)
class GroupVersionKind:
    """A kind of object in one API version."""

    group: str
    version: str
    kind: str

    @classmethod
    def parse(cls, api_version: str, kind: str) -> GroupVersionKind:
        """Read ``apps/v1`` or ``v1`` together with a kind."""
        group, _, version = api_version.rpartition("/")
        return cls(group, version, kind)

    @property
    def group_kind(self) -> GroupKind:
        """The kind without its version."""
        return GroupKind(self.group, self.kind)

    @property
    def api_version(self) -> str:
        """The value of ``apiVersion`` in a manifest."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def __str__(self) -> str:
        """Print ``apps/v1/Deployment``."""
        return f"{self.api_version}/{self.kind}"


class ObjectRef(NamedTuple):
    """One object of one cluster. ``namespace`` is empty for cluster-scoped objects.

    A tuple, because a reference is looked up in a dozen dictionaries at each look, and a tuple hashes
    and compares without a line of Python.
    """

    cluster: str
    group: str
    kind: str
    namespace: str
    name: str

    @property
    def group_kind(self) -> GroupKind:
        """The kind without its version."""
        return GroupKind(self.group, self.kind)

    @property
    def key(self) -> str:
        """The object key on the stream: ``cluster/group/Kind/namespace/name``, empty parts kept."""
        return f"{self.cluster}/{self.group}/{self.kind}/{self.namespace}/{self.name}"

    def __str__(self) -> str:
        """Print ``[group/]Kind/[namespace/]name``, the form the command line takes."""
        parts = (self.group, self.kind, self.namespace, self.name)
        return "/".join(part for part in parts if part)


def parse_key(key: str) -> ObjectRef:
    """Read what `ObjectRef.key` wrote.

    Raises:
        ValueError: the key does not have five parts.

    """
    cluster, group, kind, namespace, name = key.split("/", 4)
    return ObjectRef(cluster, group, kind, namespace, name)


def parse_ref(text: str, *, cluster: str) -> ObjectRef:
    """Read ``[group/]Kind/[namespace/]name`` as typed by a user.

    Kinds are written in CamelCase and API groups in lower case, which tells the two apart.

    Raises:
        ValueError: the text does not have that form; the message shows the form.

    """
    parts = text.split("/")
    group = parts.pop(0) if parts[0][:1].islower() else ""
    if len(parts) not in {2, 3} or not all(parts) or not parts[0][:1].isupper():
        raise ValueError(
            f"{text!r} is not an object: write [group/]Kind/[namespace/]name, "
            "for example apps/Deployment/shop/web"
        )
    namespace = "".join(parts[1:-1])
    return ObjectRef(cluster, group, parts[0], namespace, parts[-1])
