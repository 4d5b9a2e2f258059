"""What living owners say that they applied."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.gitops.flux_inventory import id_of, parse_id, parse_inventory
from auditor.domain.identity import ObjectRef
from tests.auditor.domain.gitops.flux_objects import kustomization
from tests.builders import CLUSTER

label = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
# Names of RBAC objects may hold colons and marks, but no two marks in a row, which stand for a colon.
names = st.from_regex(r"[a-z0-9]([-:.]?[a-z0-9]){0,8}(_[a-z0-9]+)?", fullmatch=True)
kinds = st.from_regex(r"[A-Z][A-Za-z]{0,8}", fullmatch=True)
refs = st.builds(
    ObjectRef,
    cluster=st.just(CLUSTER),
    group=st.one_of(st.just(""), st.builds("{}.{}".format, label, label)),
    kind=kinds,
    namespace=st.one_of(st.just(""), label),
    name=names,
)


def _ref(group: str, kind: str, namespace: str, name: str) -> ObjectRef:
    return ObjectRef(CLUSTER, group, kind, namespace, name)


@pytest.mark.parametrize(
    ("written", "ref"),
    [
        ("shop_web_apps_Deployment", _ref("apps", "Deployment", "shop", "web")),
        ("default_podinfo__Service", _ref("", "Service", "default", "podinfo")),
        ("_shop__Namespace", _ref("", "Namespace", "", "shop")),
        (
            "_system__node_rbac.authorization.k8s.io_ClusterRole",
            _ref("rbac.authorization.k8s.io", "ClusterRole", "", "system:node"),
        ),
        (
            "_a_b_rbac.authorization.k8s.io_ClusterRole",
            _ref("rbac.authorization.k8s.io", "ClusterRole", "", "a_b"),
        ),
    ],
)
def test_an_id_names_an_object(written: str, ref: ObjectRef) -> None:
    """Namespace first, then the name, with the group and the kind at the end."""
    assert parse_id(written, cluster=CLUSTER) == ref


@pytest.mark.parametrize("written", ["", "_", "a_b", "a__b", "___", "a_b_c_", "web"])
def test_what_is_no_id_names_nothing(written: str) -> None:
    """An object has a name and a kind."""
    assert parse_id(written, cluster=CLUSTER) is None


@given(refs)
def test_an_id_is_read_as_it_was_written(ref: ObjectRef) -> None:
    """Nothing is lost on the way."""
    assert parse_id(id_of(ref), cluster=CLUSTER) == ref


@given(st.text())
def test_any_text_may_stand_for_an_id(text: str) -> None:
    """Whatever a status holds, reading it ends well."""
    ref = parse_id(text, cluster=CLUSTER)
    assert ref is None or (ref.name and ref.kind)


def test_an_inventory_lists_what_was_applied() -> None:
    """What is no entry is passed over."""
    entries: list[Any] = [{"id": "shop_web_apps_Deployment", "v": "v1"}, {"v": "v1"}, "x", None]
    owner = kustomization() | {"status": {"inventory": {"entries": entries}}}
    found = list(parse_inventory(owner, cluster=CLUSTER))
    assert found == [_ref("apps", "Deployment", "shop", "web")]


@pytest.mark.parametrize("status", [None, {}, {"inventory": None}, {"inventory": {"entries": 1}}])
def test_an_owner_without_inventory_applied_nothing(status: Any) -> None:
    """Before its first run an owner has none."""
    assert list(parse_inventory(kustomization() | {"status": status}, cluster=CLUSTER)) == []
