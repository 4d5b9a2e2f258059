"""What Flux's objects refer to tells whether they can ever do what they were told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from auditor.domain.finding import Deviation
from auditor.domain.identity import ObjectRef
from auditor.domain.pair import Doubt, Neighbour, Pair
from auditor.domain.remedies import remedies_for
from comparators.reconciliation import reconciliation
from tests.builders import CLUSTER, config_map, live, manifest, obj
from tests.comparators.pairs import entry
from tests.outcomes import JSON_VALUES

KUSTOMIZE, HELM = "kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"
WRITTEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
Body = dict[str, Any]


def kustomization(name: str = "apps", *needs: str, **spec: Any) -> Body:
    """A Kustomization that waits for others."""
    depends = {"dependsOn": [{"name": one} for one in needs]} if needs else {}
    spec = {"interval": "10m"} | depends | spec
    return obj(f"{KUSTOMIZE}/v1", "Kustomization", name, "ops", spec=spec, status={})


def release(**spec: Any) -> Body:
    return obj(f"{HELM}/v2", "HelmRelease", "web", "ops", spec={"interval": "10m"} | spec)


def substituting(*entries: Body) -> Body:
    return kustomization(postBuild={"substituteFrom": list(entries)})


def absent(kind: str, name: str, group: str = "", doubt: Doubt | None = None) -> Neighbour:
    """An object of which it is known that it is not there, unless there is doubt."""
    return Neighbour(ref=ObjectRef(CLUSTER, group, kind, "ops", name), doubt=doubt)


def found(owner: Body, *around: Body | Neighbour, **metadata: Any) -> list[Deviation]:
    """What is said of an owner among others."""
    known = [
        one if isinstance(one, Neighbour) else Neighbour(ref=manifest(one).ref, actual=live(one))
        for one in around
    ]
    declared = manifest({name: value for name, value in owner.items() if name != "status"})
    living = live(owner, **metadata)
    pair = Pair(ref=living.ref, desired=declared, actual=living, neighbours=tuple(known))
    return list(reconciliation(pair))


def told(owner: Body, *around: Body | Neighbour, **metadata: Any) -> list[tuple[str, str]]:
    """The checks, with what is said."""
    return [
        (one.check, one.message.partition(": ")[2]) for one in found(owner, *around, **metadata)
    ]


VARIABLES = {"kind": "ConfigMap", "name": "settings"}


class TestInputs:
    @pytest.mark.parametrize("owner", [substituting(VARIABLES), release(valuesFrom=[VARIABLES])])
    def test_that_are_not_there_are_told(self, owner: Body) -> None:
        """Whatever the owner says of itself by now."""
        said = "takes values from ConfigMap ops/settings, which is not there"

        assert told(owner, absent("ConfigMap", "settings")) == [("FLUX-011", said)]

    def test_have_to_be_away_for_a_while(self) -> None:
        """What is installed in one go may come in any order."""
        writing = [entry("flux", "f:spec f:postBuild")]
        (one,) = found(
            substituting(VARIABLES), absent("ConfigMap", "settings"), managedFields=writing
        )

        assert (one.since, one.patience) == (WRITTEN, timedelta(minutes=30))

    def test_are_told_before_what_follows_from_it(self) -> None:
        """The owner fails for it."""
        failing = {"type": "Ready", "status": "False", "reason": "BuildFailed"}
        owner = substituting(VARIABLES) | {"status": {"conditions": [failing]}}

        assert [check for check, _ in told(owner, absent("ConfigMap", "settings"))] == ["FLUX-011"]
        assert [check for check, _ in told(owner)] == ["FLUX-001"]

    @pytest.mark.parametrize(
        ("needed", "around"),
        [
            pytest.param(VARIABLES, config_map(namespace="ops"), id="alive"),
            pytest.param(
                VARIABLES,
                replace(
                    absent("ConfigMap", "settings"), desired=manifest(config_map(namespace="ops"))
                ),
                id="declared: that is told of itself",
            ),
            pytest.param(
                VARIABLES | {"optional": True}, absent("ConfigMap", "settings"), id="optional"
            ),
            pytest.param(
                {"kind": "Secret", "name": "login"},
                absent("Secret", "login", doubt=Doubt.NOT_WATCHED),
                id="of a kind that is not looked at",
            ),
            pytest.param(
                VARIABLES, absent("ConfigMap", "settings", doubt=Doubt.STALE), id="uncertain"
            ),
            pytest.param({"kind": "ConfigMap"}, absent("ConfigMap", ""), id="without a name"),
        ],
    )
    def test_that_may_be_there_are_not(self, needed: Body, around: Body | Neighbour) -> None:
        """Nothing is said where nothing is known."""
        assert told(substituting(needed), around) == []

    def test_can_be_declared_or_left_out(self) -> None:
        """Which the remedy says."""
        owner = substituting(VARIABLES)
        (one,) = found(owner, absent("ConfigMap", "settings"))
        pair = Pair(ref=live(owner).ref, desired=manifest(owner), actual=live(owner))
        (remedy,) = remedies_for(pair, one)

        assert (remedy.kind, "optional" in remedy.details["how"]) == ("codify", True)


class TestDependencies:
    def test_that_are_not_there_never_come(self) -> None:
        """Nobody declares them."""
        said = "depends on Kustomization ops/infra, which is not there"
        gone = absent("Kustomization", "infra", KUSTOMIZE)

        assert told(kustomization("apps", "infra"), gone) == [("FLUX-010", said)]

    def test_of_releases_are_releases(self) -> None:
        """Of another namespace, where they say so."""
        gone = Neighbour(ref=ObjectRef(CLUSTER, HELM, "HelmRelease", "db", "redis"))
        owner = release(dependsOn=[{"name": "redis", "namespace": "db"}])

        assert [check for check, _ in told(owner, gone)] == ["FLUX-010"]

    def test_in_a_circle_wait_for_ever(self) -> None:
        """Each says so; who only depends on one of them does not."""
        circle = [kustomization("a", "b"), kustomization("b", "c"), kustomization("c", "a")]
        said = "depends on itself, by way of Kustomization ops/b, Kustomization ops/c, Kustomization ops/a"

        assert told(circle[0], *circle) == [("FLUX-010", said)]
        assert told(kustomization("d", "a"), *circle) == []
        assert [check for check, _ in told(kustomization("a", "a"))] == ["FLUX-010"]

    def test_that_lead_nowhere_else_are_fine(self) -> None:
        """Two ways to the same one are no circle."""
        around = [kustomization("b", "d"), kustomization("c", "d"), kustomization("d")]

        assert told(kustomization("a", "b", "c"), *around) == []

    @pytest.mark.parametrize(
        "around",
        [
            absent("Kustomization", "infra", KUSTOMIZE, doubt=Doubt.NOT_SYNCED),
            replace(
                absent("Kustomization", "infra", KUSTOMIZE),
                desired=manifest(kustomization("infra")),
            ),
            kustomization("infra"),
        ],
        ids=["uncertain", "declared", "alive"],
    )
    def test_that_may_be_there_are_waited_for(self, around: Body | Neighbour) -> None:
        """The owner says itself how that goes."""
        assert told(kustomization("apps", "infra"), around) == []


@given(JSON_VALUES, JSON_VALUES)
def test_any_fields_are_taken(one: Any, other: Any) -> None:
    """Whatever they hold, nothing breaks."""
    found(release(valuesFrom=one, dependsOn=other))
    found(kustomization(postBuild=one, dependsOn=other), kustomization("b", dependsOn=one))
