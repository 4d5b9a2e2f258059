"""Who applies an object, also when it is declared no more: how long it may stay depends on that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Owner
from auditor.ports import Rendering, RenderRequest
from auditor.state.declared import PackedRendering, pack_rendering
from auditor.state.desired import DesiredState
from auditor.state.roots import Found, Root
from tests.builders import CLUSTER, config_map, manifest, obj, ref
from tests.doubles import START

GROUP = "kustomize.toolkit.fluxcd.io"
SYSTEM, APPS = (
    ObjectRef(CLUSTER, GROUP, "Kustomization", "flux-system", n) for n in ("all", "apps")
)
SETTINGS = ref("ConfigMap", "settings", group="")
REQUEST = RenderRequest(path="", cluster=CLUSTER)
TOP = Root(name="top", repository="platform", request=REQUEST)


def below(keeper: ObjectRef, minutes: int, depth: int) -> Root:
    """The root that a Kustomization calls for, named like it."""
    owner = Owner(tool="flux", name=f"flux-system/{keeper.name}")
    found = Found(
        below="top", depth=depth, keeper=keeper, owner=owner, interval=timedelta(minutes=minutes)
    )
    return Root(name=keeper.name, repository="platform", request=REQUEST, found=found)


def kustomization(keeper: ObjectRef) -> dict[str, object]:
    """A Kustomization, as far as it matters here."""
    return obj(f"{GROUP}/v1", "Kustomization", keeper.name, keeper.namespace)


def packed(*bodies: dict[str, object]) -> PackedRendering:
    """What a root declares."""
    rendering = Rendering(manifests=tuple(manifest(body) for body in bodies))
    return pack_rendering(rendering, revision="r", at=START)


@pytest.fixture
def desired() -> DesiredState:
    """Settings, declared by apps every hour, which all of Flux declares every ten minutes."""
    state = DesiredState([TOP], scope=lambda _cluster, _kind: True)
    state.replace("top", packed(kustomization(SYSTEM)))
    state.enrol(below(SYSTEM, 10, 1))
    state.replace("all", packed(kustomization(SYSTEM), kustomization(APPS)))
    state.enrol(below(APPS, 60, 2))
    state.replace("apps", packed(config_map()))
    return state


def keeper_of(desired: DesiredState, wanted: ObjectRef) -> str:
    """The owner that applies an object; empty where nobody knows one."""
    declaration = desired.declaration(wanted)
    assert declaration
    return declaration.found.keeper.name if declaration.found else ""


def test_is_the_owner_that_calls_for_it(desired: DesiredState) -> None:
    """While it is declared."""
    assert keeper_of(desired, SETTINGS) == "apps"


def test_takes_away_what_it_declares_no_more(desired: DesiredState) -> None:
    """At its own turn, as it would change it."""
    desired.replace("apps", packed())

    assert keeper_of(desired, SETTINGS) == "apps"


def test_that_is_gone_itself_is_taken_away_first(desired: DesiredState) -> None:
    """And what it applied goes with it."""
    desired.replace("all", packed(kustomization(SYSTEM)))
    desired.withdraw("apps", until=START)

    assert keeper_of(desired, APPS) == "all"
    assert keeper_of(desired, SETTINGS) == "all"


def test_that_comes_back_counts_again(desired: DesiredState) -> None:
    """As if it had never been away."""
    desired.withdraw("apps", until=START)
    desired.enrol(below(APPS, 60, 2))

    assert keeper_of(desired, SETTINGS) == "apps"


def test_of_everything_gone_is_not_known(desired: DesiredState) -> None:
    """A Kustomization that lies in its own path leads nowhere else."""
    desired.replace("top", packed())
    for name in ("apps", "all"):
        desired.withdraw(name, until=START)

    assert keeper_of(desired, SETTINGS) == ""
