"""Asks an API server what applying a declaration would come to, without applying it.

A server-side-apply dry run: defaulting, conversion and admission happen as in earnest, nothing is kept
(https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run). It refuses to judge the answer, and to
repeat anything that the server says of the object in an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from auditor.domain.identity import GroupVersionKind
from auditor.domain.manifest import Body, Manifest
from auditor.errors import SourceUnavailable
from auditor.ports import DryRunning
from auditor.sources.kubernetes.target import Target

PlaceOf = Callable[[GroupVersionKind, str], Target | None]

_SERVERS_OWN: Final = frozenset(
    {"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"}
)
"""Metadata that the server alone writes; applied, some of it is refused."""


class DryRuns:
    """Dry runs on one cluster."""

    def __init__(self, transport: DryRunning, place_of: PlaceOf) -> None:
        self._transport = transport
        self._place_of = place_of

    async def ask(self, desired: Manifest) -> Body:
        """Tell what the object would be if the declaration were applied now.

        Raises:
            SourceRefused: the server answered with an error.
            SourceUnavailable: it did not answer, or does not serve the kind, or cannot be understood.
            WatchExpired: the server answered 410.

        """
        ref = desired.ref
        place = self._place_of(desired.gvk, ref.namespace)
        if place is None:
            raise SourceUnavailable(f"cluster {ref.cluster} does not serve {desired.gvk}")
        body = msgspec.json.encode(applied_form(desired))
        return _decode(await self._transport.dry_run(f"{place.path}/{ref.name}", body), place)


def applied_form(desired: Manifest) -> dict[str, Any]:
    """The declaration as it is applied: in its namespace, without what only the server writes."""
    metadata = {
        name: value
        for name, value in desired.metadata.items()
        if name not in _SERVERS_OWN and name != "namespace"
    }
    if desired.ref.namespace:
        metadata["namespace"] = desired.ref.namespace
    body = {name: value for name, value in desired.body.items() if name != "status"}
    return body | {"metadata": metadata}


def _decode(answer: bytes, place: Target) -> Body:
    try:
        body = msgspec.json.decode(answer, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError):
        # Not chained: the cause may quote the answer.
        raise SourceUnavailable(f"{place.path}: the answer to a dry run is no object") from None
    return body
