"""In which namespaces everything must be declared."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase

from auditor.config.rules import Unmanaged
from auditor.domain.identity import ObjectRef
from auditor.state.desired import DesiredState

Governs = Callable[[ObjectRef], bool]


def governance(unmanaged: Unmanaged, desired: DesiredState) -> Governs:
    """Tell of an object's namespace whether it is governed, as the configuration has it.

    By default those namespaces are governed that are themselves declared: who declares the namespace
    declares what belongs into it.
    """
    if not unmanaged.enabled:
        return lambda _ref: False
    patterns = unmanaged.namespaces
    if patterns == "auto":
        return lambda ref: bool(ref.namespace) and _is_declared(ref, desired)
    if patterns == "inhabited":
        return lambda ref: ref.namespace in desired.inhabited_namespaces(ref.cluster)
    return lambda ref: any(fnmatchcase(ref.namespace, pattern) for pattern in patterns)


def _is_declared(ref: ObjectRef, desired: DesiredState) -> bool:
    declared = desired.declaration(ObjectRef(ref.cluster, "", "Namespace", "", ref.namespace))
    return declared is not None and declared.manifest is not None
