"""What the index of autoscalers promises: it answers from the side of what is scaled."""

from __future__ import annotations

from typing import Any

from auditor.domain.manifest import Manifest
from auditor.domain.pair import Scaler
from auditor.state.scalers import Scalers
from tests.builders import live, obj, ref


def autoscaler(
    name: str = "web", *, target: dict[str, Any] | None = None, **bounds: int
) -> Manifest:
    """An autoscaler of the Deployment ``web``, or of another target."""
    default = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    spec = {"scaleTargetRef": default if target is None else target, "maxReplicas": 5} | bounds
    return live(obj("autoscaling/v2", "HorizontalPodAutoscaler", name, spec=spec))


def test_target_knows_its_bounds() -> None:
    """The bounds of the autoscaler are answered for the object that it scales."""
    scalers = Scalers()

    noticed = scalers.put(autoscaler(minReplicas=2, maxReplicas=9))

    assert noticed == {ref()}
    assert scalers.of(ref()) == Scaler(minimum=2, maximum=9)
    assert scalers.scaled_by(ref()) == ref("HorizontalPodAutoscaler", group="autoscaling")


def test_minimum_is_one_unless_said() -> None:
    """The API's default for ``minReplicas`` holds where the object does not say it."""
    scalers = Scalers()

    scalers.put(autoscaler())

    assert scalers.of(ref()) == Scaler(minimum=1, maximum=5)


def test_minimum_of_zero_is_kept() -> None:
    """Scaling to zero is a minimum of zero, not a missing one."""
    scalers = Scalers()

    scalers.put(autoscaler(minReplicas=0))

    assert scalers.of(ref()) == Scaler(minimum=0, maximum=5)


def test_group_of_the_target_matters() -> None:
    """A Deployment of another API group is another object."""
    scalers = Scalers()

    scalers.put(autoscaler(target={"apiVersion": "x.io/v1", "kind": "Deployment", "name": "web"}))

    assert scalers.of(ref()) is None
    assert scalers.of(ref(group="x.io")) is not None


def test_version_of_the_target_does_not_matter() -> None:
    """An old API version in the reference means the same object."""
    scalers = Scalers()

    scalers.put(
        autoscaler(target={"apiVersion": "apps/v1beta2", "kind": "Deployment", "name": "web"})
    )

    assert scalers.of(ref()) is not None


def test_retargeting_names_both() -> None:
    """When an autoscaler turns to another object, both are looked at again."""
    scalers = Scalers()
    scalers.put(autoscaler())

    noticed = scalers.put(
        autoscaler(target={"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"})
    )

    assert noticed == {ref(), ref(name="api")}
    assert scalers.of(ref()) is None


def test_deleted_autoscaler_names_its_target() -> None:
    """Once the autoscaler is gone, its target is scaled by nobody, and is looked at again."""
    scalers = Scalers()
    scalers.put(autoscaler())

    noticed = scalers.delete(ref("HorizontalPodAutoscaler", group="autoscaling"))

    assert noticed == {ref()}
    assert scalers.of(ref()) is None


def test_two_autoscalers_of_one_target() -> None:
    """Of two, the first by name answers; when it goes, the other does."""
    scalers = Scalers()
    scalers.put(autoscaler("b", maxReplicas=2))
    scalers.put(autoscaler("a", maxReplicas=1))

    first = scalers.of(ref())
    scalers.delete(ref("HorizontalPodAutoscaler", "a", group="autoscaling"))

    assert first == Scaler(minimum=1, maximum=1)
    assert scalers.of(ref()) == Scaler(minimum=1, maximum=2)


def test_autoscaler_without_target_scales_nothing() -> None:
    """A half-written autoscaler is no error."""
    scalers = Scalers()

    assert scalers.put(autoscaler(target={})) == frozenset()
