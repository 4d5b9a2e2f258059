"""Reports where a GitOps tool does not do its work: suspended, failing, stalled, switched off, unheard.

What an owner is told to do may be in Git to the letter, and still nothing of it happens. Only the living
object says so, in its status. It is looked at where the owner is declared, or is followed: others are
somebody else's. This module refuses to compare, and to know what any tool's fields mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from auditor.domain.finding import Deviation
from auditor.domain.gitops.kinds import APPLICATION, APPLICATION_SET
from auditor.domain.identity import GroupKind
from auditor.domain.pair import Pair
from comparators import argocd, flux
from comparators.attention import reads_status_of
from comparators.status import Living

Reader = Callable[[Living, Pair], Iterable[Deviation]]
_READERS: Final[Mapping[GroupKind, Reader]] = {
    APPLICATION: argocd.application,
    APPLICATION_SET: argocd.application_set,
    **dict.fromkeys(flux.KINDS, flux.flux),
}
_NAMES: Final = frozenset(kind.kind for kind in _READERS)


@reads_status_of(*_READERS)
def reconciliation(pair: Pair) -> Iterable[Deviation]:
    """Report what is wrong with an owner; of every other object nothing, at once."""
    if pair.ref.kind not in _NAMES or pair.actual is None:
        return ()
    read = _READERS.get(pair.ref.group_kind)
    is_ours = pair.desired is not None or pair.followed
    if read is None or not is_ours or pair.actual.metadata.get("deletionTimestamp"):
        return ()
    return read(Living(pair.actual), pair)
