"""Keeps secret values inside.

What a Secret holds is compared like anything else, but a difference says only that it differs: no
value, no length, no hash. The annotation of client-side apply repeats the whole Secret, so it counts as
secret too. What lives where something sealed is declared is as secret. This module refuses to guess which
fields of other kinds may be secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from auditor.domain.difference import REDACTED
from auditor.domain.fieldpath import FieldPath
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import holds_seal
from comparators.sealed import covers_seal, veiled

_VALUES: Final = frozenset({"data", "stringData"})
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


def is_secret(ref: ObjectRef, path: FieldPath) -> bool:
    """Tell whether what lies at a path of an object must not be shown."""
    if ref.kind != "Secret" or ref.group:
        return False
    segments = path.segments
    if not segments or segments[0] in _VALUES:
        return True
    return segments[0] == "metadata" and (len(segments) == 1 or _LAST_APPLIED in segments)


def shown(value: Any) -> Any:
    """What may be shown of a secret value: whether there is one."""
    return None if value is None else REDACTED


def sides(
    ref: ObjectRef, root: Mapping[str, Any], path: FieldPath, values: tuple[Any, Any]
) -> tuple[Any, Any]:
    """What may be shown of both values of a field; ``root`` is all that is declared of the object."""
    desired, actual = values
    if is_secret(ref, path) or (_LAST_APPLIED in path.segments and holds_seal(root)):
        return shown(desired), shown(actual)
    if covers_seal(root, path.segments):
        return veiled(desired), shown(actual)
    return desired, actual
