"""Keeps secret values inside.

What a Secret holds is compared like anything else, but a difference says only that it differs: no
value, no length, no hash. The annotation of client-side apply repeats the whole Secret, so it counts as
secret too. This module refuses to guess which fields of other kinds may be secret.
"""

from __future__ import annotations

from typing import Any, Final

from auditor.domain.difference import REDACTED
from auditor.domain.fieldpath import FieldPath
from auditor.domain.identity import ObjectRef

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
