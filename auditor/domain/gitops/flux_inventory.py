"""What a living Kustomization or HelmRelease says that it applied.

Ids are written as ``namespace_name_group_Kind``; a colon in a name is written as ``__``, and what has no
namespace or group leaves that part empty:
https://fluxcd.io/flux/components/kustomize/kustomizations/#inventory and
https://github.com/fluxcd/cli-utils/blob/master/pkg/object/objmetadata.go. It refuses to say whether that is
still declared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from auditor.domain.gitops.flux_fields import entries, text
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Body

_BETWEEN: Final = "_"
_COLON: Final = "__"


def parse_inventory(body: Body, *, cluster: str) -> Iterator[ObjectRef]:
    """Read the inventory of an owner; what is no id is passed over."""
    for entry in entries(body, "status", "inventory", "entries"):
        ref = parse_id(text(entry, "id"), cluster=cluster)
        if ref is not None:
            yield ref


def parse_id(text: str, *, cluster: str) -> ObjectRef | None:
    """Read one id: the namespace ends at the first mark, kind and group begin after the last two."""
    namespace, _, rest = text.partition(_BETWEEN)
    rest, _, kind = rest.rpartition(_BETWEEN)
    name, _, group = rest.rpartition(_BETWEEN)
    if not name or not kind:
        return None
    return ObjectRef(cluster, group, kind, namespace, name.replace(_COLON, ":"))


def id_of(ref: ObjectRef) -> str:
    """Write the id of an object as Flux does."""
    name = ref.name.replace(":", _COLON)
    return _BETWEEN.join((ref.namespace, name, ref.group, ref.kind))
