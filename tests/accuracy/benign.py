"""What happens to every object in a healthy cluster, and must not be reported.

Controllers write status, annotations, finalizers, owners and trust bundles; appliers apply again; values
are spelled another way. This module refuses to touch what is declared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.domain.schema import Format, Shape
from tests.accuracy.api import APPLY_PATCH, JSON_PATCH, MERGE_PATCH
from tests.accuracy.mutations import leaves
from tests.accuracy.pairs import Planted
from tests.accuracy.planting import APPLIERS, Way

_KUBERNETES = "kube-controller-manager"
_OWNER = {
    "apiVersion": "example.com/v1",
    "kind": "Parent",
    "name": "parent",
    "uid": "11111111-1111-1111-1111-111111111111",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Benign:
    """A change that means nothing, by somebody who may make it; ``subresource`` as in a URL."""

    kind: str
    writer: str
    patch: Any
    form: str = MERGE_PATCH
    subresource: str = ""


def benign_of(planted: Planted, way: Way) -> Iterator[Benign]:
    """Everything harmless that can happen to one object."""
    yield from _bookkeeping(planted, way)
    yield from _controllers(planted)
    yield from _respelled(planted)
    if planted.has_status:
        status = {"status": {"observedGeneration": 7}}
        yield Benign(kind="status", writer=_KUBERNETES, patch=status, subresource="/status")
    if way is Way.SERVER:
        body = _declared(planted)
        yield Benign(kind="apply again", writer=APPLIERS[way], patch=body, form=APPLY_PATCH)


def _declared(planted: Planted) -> Mapping[str, Any]:
    """The declaration with its type and name; status is not the applier's to write."""
    return {name: value for name, value in planted.desired.items() if name != "status"}


def _bookkeeping(planted: Planted, way: Way) -> Iterator[Benign]:
    record = {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
    yield Benign(
        kind="last applied",
        writer=APPLIERS[Way.CLIENT] if way is Way.CLIENT else "kubectl-last-applied",
        patch={"metadata": {"annotations": record}},
    )
    if way is Way.CREATE:
        marks = {"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "shop"}
        yield Benign(kind="Helm's marks", writer="helm", patch={"metadata": {"annotations": marks}})


def _controllers(planted: Planted) -> Iterator[Benign]:
    metadata = planted.actual["metadata"]
    finalizers = [*metadata.get("finalizers", ()), "example.com/guard"]
    yield Benign(
        kind="controller's finalizer",
        writer="example-controller",
        patch={"metadata": {"finalizers": finalizers}},
    )
    if not metadata.get("ownerReferences"):
        owned = {"metadata": {"ownerReferences": [_OWNER]}}
        yield Benign(kind="controller's owner", writer=_KUBERNETES, patch=owned)
    kind = planted.pair.ref.kind
    if kind == "Deployment":
        revision = {"deployment.kubernetes.io/revision": "9"}
        yield Benign(
            kind="revision", writer=_KUBERNETES, patch={"metadata": {"annotations": revision}}
        )
    if kind.endswith("WebhookConfiguration"):
        yield from _trust_bundles(planted)


def _trust_bundles(planted: Planted) -> Iterator[Benign]:
    for place, hook in enumerate(planted.actual.get("webhooks", ())):
        if not hook["clientConfig"].get("caBundle"):
            path = f"/webhooks/{place}/clientConfig/caBundle"
            patch = [{"op": "add", "path": path, "value": _CERTIFICATE}]
            yield Benign(kind="trust bundle", writer="cainjector", patch=patch, form=JSON_PATCH)


def _respelled(planted: Planted) -> Iterator[Benign]:
    """Quantities in another unit, by somebody else."""
    if planted.pair.schema is None or planted.pair.schema.shape is not Shape.OBJECT:
        return
    for leaf in leaves(planted.desired, planted.actual, planted.pair.schema):
        if leaf.schema.format is Format.QUANTITY and str(leaf.value).isdigit():
            path = "".join("/" + str(step).replace("/", "~1") for step in leaf.steps)
            patch = [{"op": "replace", "path": path, "value": f"{leaf.value}000m"}]
            yield Benign(
                kind="quantity respelled", writer="kubectl-edit", patch=patch, form=JSON_PATCH
            )


_CERTIFICATE = (
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJoVENDQVN1Z0F3SUJBZ0lRSVJpNnplUEw2bUtqT2dIa3NyMW5PREFLQmdn"
    "cWhrak9QUVFEQWpBU01SQXdEZ1lEVlFRSwpFd2RCWTIxbElFTnZNQjRYRFRFM01UQXlNREU1TkRNd05sb1hEVEU0TVRBeU1ERTVO"
    "RE13Tmxvd0VqRVFNQTRHCkExVUVDaE1IUVdOdFpTQkRiekJaTUJNR0J5cUdTTTQ5QWdFR0NDcUdTTTQ5QXdFSEEwSUFCRDBkN1ZO"
    "aGJXdloKTFdQdWovUnRIRmp2dEpCRXdPa2hiTi9Cbm5FOHJuWlI4K3NiUW5jL0toQ2szRmhucEhab0l6N0I1VDRMY1hIcwplZUJO"
    "UXNYNk1iQmpEUWdZRFZSMFBBUUgvQkFRREFnS2tNQk1HQTFVZEpRUU1NQW9HQ0NzR0FRVUZCd01CTUE4R0ExVWQKRXdFQi93UUZN"
    "QU1CQWY4d0tRWURWUjBSQkNJd0lJSU9iRzlqWVd4b2IzTjBPalUwTlRPQ0RqRXlOeTR3TGpBdU1UbzEKTkRVek1Bb0dDQ3FHU000"
    "OUJBTUNBMGdBTUVVQ0lRQ09uVDNvVlBIWVFQZkZPNGUyQ1RSN0dJWjYzRWFSd3pNUkRiREQKQ3dDdVVBSWdmK2l2dVJjajRkaUNv"
    "QWI3U3JYTXBvbVhPNWtqTDR1UVBQdjZlWWtCQVJvPQotLS0tLUVORCBDRVJUSUZJQ0FURS0tLS0tCg=="
)
