"""What is known of the kinds a cluster serves."""

from __future__ import annotations

from auditor.domain.identity import GroupKind, GroupVersionKind
from auditor.state.kinds import ServedKind, ServedKinds

WIDGET = GroupKind("example.com", "Widget")


def widget(version: str = "v1", *, namespaced: bool = False, **rest: object) -> ServedKind:
    """The kind Widget in one version."""
    gvk = GroupVersionKind("example.com", version, "Widget")
    return ServedKind(gvk=gvk, resource="widgets", namespaced=namespaced, **rest)  # type: ignore[arg-type]  # rest is `watchable`


def test_scope_is_what_the_cluster_says() -> None:
    """A custom kind is namespaced or not as its definition says."""
    assert ServedKinds([widget(namespaced=True)]).is_namespaced(WIDGET) is True
    assert ServedKinds([widget(namespaced=False)]).is_namespaced(WIDGET) is False


def test_scope_of_built_in_kinds_is_known_offline() -> None:
    """Without a cluster, built-in kinds are known, and custom ones are not."""
    offline = ServedKinds()

    assert offline.is_namespaced(GroupKind("apps", "Deployment")) is True
    assert offline.is_namespaced(GroupKind("", "Namespace")) is False
    assert offline.is_namespaced(WIDGET) is None


def test_versions_keep_the_servers_order() -> None:
    """The first version is the preferred one."""
    served = ServedKinds([widget("v2"), widget("v1")])

    assert [kind.gvk.version for kind in served.versions(WIDGET)] == ["v2", "v1"]


def test_resource_that_can_be_watched_wins() -> None:
    """Of two resources with one kind, the one that can be watched is meant."""
    served = ServedKinds([widget(watchable=False), widget(watchable=True)])

    found = served.find(GroupVersionKind("example.com", "v1", "Widget"))

    assert found is not None
    assert found.watchable


def test_wrong_kind_has_a_neighbour() -> None:
    """A misspelt kind is answered with the one that was probably meant."""
    served = ServedKinds([widget()])

    assert served.nearest(GroupKind("example.com", "Wigdet")) == WIDGET
    assert served.nearest(GroupKind("", "Nothing")) is None


def test_equal_when_the_same_is_served() -> None:
    """Two answers of discovery can be compared."""
    assert ServedKinds([widget()]) == ServedKinds([widget()])
    assert ServedKinds([widget()]) != ServedKinds([widget(), widget("v2")])
