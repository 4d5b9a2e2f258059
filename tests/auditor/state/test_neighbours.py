"""Whoever is judged by another object is looked at again when that changes, whatever is known of it."""

from __future__ import annotations

from typing import Any

from auditor.domain.identity import ObjectRef
from auditor.state.neighbours import FARTHEST
from tests.builders import CLUSTER, config_map, obj
from tests.neighbours import Village

KUSTOMIZE = "kustomize.toolkit.fluxcd.io"
SOURCE = "source.toolkit.fluxcd.io"


def kustomization(*listed: str, **spec: Any) -> dict[str, Any]:
    """A Kustomization with an inventory."""
    reference = {"sourceRef": {"kind": "GitRepository", "name": "platform"}}
    inventory = {"inventory": {"entries": [{"id": one, "v": "v1"} for one in listed]}}
    status = inventory if listed else {}
    return obj(
        f"{KUSTOMIZE}/v1", "Kustomization", "apps", "ops", spec=reference | spec, status=status
    )


def marked(name: str = "settings") -> dict[str, Any]:
    """A ConfigMap with the Kustomization's mark."""
    body = config_map(name)
    body["metadata"]["labels"] = {f"{KUSTOMIZE}/name": "apps", f"{KUSTOMIZE}/namespace": "ops"}
    return body


class TestWhatNobodyDeclares:
    def test_is_judged_by_the_owner_that_it_names(self) -> None:
        """Also before anything is known of the owner."""
        village = Village()
        orphan = village.put(marked())
        assert village.of(orphan) == {}

        owner = village.put(kustomization())

        assert village.again(owner) == ["settings"]
        assert village.of(orphan)["apps"].actual is not None

    def test_is_judged_by_the_owner_that_lists_it(self) -> None:
        """It may have lost its mark."""
        village = Village()
        orphan = village.put(config_map())
        owner = village.put(kustomization("shop_settings__ConfigMap"))

        assert village.again(owner) == ["settings"]
        assert "apps" in village.of(orphan)

        village.put(kustomization("shop_other__ConfigMap"))
        assert village.again(owner) == ["settings", "other"]
        assert village.of(orphan) == {}
        assert village.again(owner) == []

    def test_is_not_what_an_owner_for_another_cluster_lists(self) -> None:
        """That has the same name and lives elsewhere."""
        village = Village()
        orphan = village.put(config_map())
        remote = kustomization("shop_settings__ConfigMap", kubeConfig={"secretRef": {"name": "x"}})

        assert village.again(village.put(remote)) == []
        assert village.of(orphan) == {}

    def test_and_is_gone_is_forgotten(self) -> None:
        """Whatever happens to its owner."""
        village = Village()
        orphan = village.put(marked())
        village.of(orphan)
        del village.living[orphan]
        village.of(orphan)

        assert village.again(village.put(kustomization())) == []


class TestWhatIsDeclared:
    def test_is_judged_by_itself(self) -> None:
        """However often its owner's status changes."""
        village = Village()
        declared = village.put(marked(), declared=True)
        owner = village.put(kustomization("shop_settings__ConfigMap"))

        assert village.of(declared) == {}
        assert village.again(owner) == []

    def test_is_judged_by_its_owner_while_it_is_late(self) -> None:
        """And by what that one refers to."""
        village = Village()
        declared = village.put(marked(), declared=True)
        owner = village.put(kustomization())
        source = village.put(obj(f"{SOURCE}/v1", "GitRepository", "platform", "ops"))

        assert set(village.of(declared, owner)) == {"apps", "platform"}
        assert village.again(source) == ["settings"]
        assert village.of(declared) == {}
        assert village.again(source) == []


def test_an_owner_is_judged_by_what_it_refers_to() -> None:
    """Known or not."""
    village = Village()
    owner = village.put(kustomization(), declared=True)
    source = ObjectRef(CLUSTER, SOURCE, "GitRepository", "ops", "platform")
    assert village.of(owner)["platform"].actual is None

    village.put(obj(f"{SOURCE}/v1", "GitRepository", "platform", "ops"))

    assert village.again(source) == ["apps"]
    assert village.of(owner)["platform"].actual is not None


def test_an_owner_is_judged_by_all_that_it_waits_for() -> None:
    """And what that waits for, which may lead back to it."""
    village = Village()
    names = ("a", "b", "c")
    for name, needed in zip(names, ("b", "c", "a"), strict=True):
        village.put(obj(f"{KUSTOMIZE}/v1", "Kustomization", name, "ops", spec=needing(needed)))
    owner = ObjectRef(CLUSTER, KUSTOMIZE, "Kustomization", "ops", "a")

    assert set(village.of(owner)) == {"b", "c"}
    assert village.again(owner._replace(name="c")) == ["a"]


def needing(name: str) -> dict[str, Any]:
    """A spec that waits for a Kustomization."""
    return {"dependsOn": [{"name": name}]}


def test_an_owner_is_judged_by_what_gives_it_values() -> None:
    """Also by what is not there yet."""
    village = Village()
    owner = village.put(
        kustomization(postBuild={"substituteFrom": [{"kind": "ConfigMap", "name": "settings"}]})
    )

    assert set(village.of(owner)) == {"platform", "settings"}
    assert village.again(village.put(config_map(namespace="ops"))) == ["apps"]


def test_who_waits_for_very_many_is_not_looked_after_for_ever() -> None:
    """Nobody waits for that many in earnest."""
    village = Village()
    many = [{"name": f"k{number}"} for number in range(5_000)]
    owner = village.put(kustomization(dependsOn=[{"name": "apps"}] * 5_000 + many))
    other = village.put(
        kustomization(dependsOn=many) | {"metadata": {"name": "x", "namespace": "y"}}
    )

    assert len(village.of(owner)) < FARTHEST
    assert len(village.of(other)) <= FARTHEST
