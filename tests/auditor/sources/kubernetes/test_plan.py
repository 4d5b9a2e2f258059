"""What is watched follows from what is declared, served and selected."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.identity import GroupVersionKind
from auditor.domain.pair import Doubt
from auditor.sources.kubernetes.plan import Selection, make_plan
from auditor.state.kinds import ServedKind, ServedKinds

DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
SECRET = GroupVersionKind("", "v1", "Secret")
CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")
NODE = GroupVersionKind("", "v1", "Node")
EVENT = GroupVersionKind("", "v1", "Event")
REVIEW = GroupVersionKind("authorization.k8s.io", "v1", "SubjectAccessReview")
WIDGETS = tuple(GroupVersionKind("example.com", version, "Widget") for version in ("v2", "v1"))
AUTOSCALER = GroupVersionKind("autoscaling", "v2", "HorizontalPodAutoscaler")


def kind(gvk: GroupVersionKind, *, namespaced: bool = True, watchable: bool = True) -> ServedKind:
    plural = f"{gvk.kind.lower()}s"
    return ServedKind(gvk=gvk, resource=plural, namespaced=namespaced, watchable=watchable)


SERVED = ServedKinds(
    [
        *map(kind, (DEPLOYMENT, SECRET, CONFIG_MAP, EVENT, *WIDGETS)),
        kind(NODE, namespaced=False),
        kind(REVIEW, namespaced=False, watchable=False),
    ]
)


def watched(
    wanted: tuple[GroupVersionKind, ...] = (), **selection: object
) -> set[GroupVersionKind]:
    """The kinds that a plan watches."""
    plan = make_plan(wanted, SERVED, Selection(**selection))  # type: ignore[arg-type]  # its fields
    return {target.gvk for target in plan.targets}


def doubts(*wanted: GroupVersionKind, **selection: object) -> dict[GroupVersionKind, Doubt]:
    """What a plan doubts."""
    return dict(make_plan(wanted, SERVED, Selection(**selection)).doubts)  # type: ignore[arg-type]  # its fields


def test_declared_version_is_watched() -> None:
    """An object is compared in the version it is declared in, so that version is watched."""
    assert watched((WIDGETS[1],)) == {WIDGETS[1]}


def test_two_declared_versions_are_both_watched() -> None:
    """Two declarations in two versions make two watches."""
    assert watched(WIDGETS) == set(WIDGETS)


def test_version_that_is_not_served() -> None:
    """The kind is there, and not as declared."""
    old = GroupVersionKind("apps", "v1beta1", "Deployment")

    assert doubts(old) == {old: Doubt.VERSION_NOT_SERVED}


def test_kind_that_is_not_served() -> None:
    """A missing CustomResourceDefinition makes the kind absent, not its objects missing."""
    gone = GroupVersionKind("example.com", "v1", "Gadget")

    assert doubts(gone) == {gone: Doubt.KIND_ABSENT}


def test_secrets_are_not_read_unless_allowed() -> None:
    """Declared or selected, a Secret is read only if the configuration says so."""
    assert doubts(SECRET) == {SECRET: Doubt.NOT_WATCHED}
    assert watched((SECRET,), include=("*",)) == {CONFIG_MAP, NODE}
    assert watched((SECRET,), secrets=True) == {SECRET}


def test_kind_that_cannot_be_watched() -> None:
    """Reviews are asked and not kept: nothing can be said about them."""
    assert doubts(REVIEW) == {REVIEW: Doubt.NOT_WATCHED}


def test_selected_kinds_need_no_declaration() -> None:
    """What people add by hand is seen where nothing of the kind is declared."""
    assert watched(include=("ConfigMap", "apps/*")) == {CONFIG_MAP, DEPLOYMENT}


def test_selected_kind_is_watched_in_the_preferred_version() -> None:
    """Without a declaration the server's choice holds."""
    assert watched(include=("example.com/Widget",)) == {WIDGETS[0]}


def test_declared_kind_is_not_watched_in_another_version_too() -> None:
    """Where a declaration has brought a kind in, its version is enough."""
    assert watched((WIDGETS[1],), include=("*/*",)) == {WIDGETS[1], DEPLOYMENT}


def test_selected_kind_is_watched_while_the_declared_version_is_not_served() -> None:
    """An undeclared object of the kind is seen even if the declarations are in a version long gone."""
    old = GroupVersionKind("apps", "v1beta1", "Deployment")

    assert watched((old,), include=("apps/Deployment",)) == {DEPLOYMENT}


def test_excluded_kinds_are_watched_only_if_declared() -> None:
    """Exclusion is about kinds that are watched without a declaration."""
    assert watched(include=("apps/*",), exclude=("apps/Deployment",)) == set()
    assert watched((DEPLOYMENT,), exclude=("apps/Deployment",)) == {DEPLOYMENT}


def test_pattern_without_group_means_the_core_group() -> None:
    """``*`` takes every core kind and no other; records such as Events are never taken."""
    assert watched(include=("*",), secrets=True) == {SECRET, CONFIG_MAP, NODE}


def test_autoscalers_are_always_watched() -> None:
    """They say which replica counts are no drift."""
    served = ServedKinds([kind(AUTOSCALER)])

    plan = make_plan((), served, Selection(exclude=("*/*",)))

    assert [target.gvk for target in plan.targets] == [AUTOSCALER]


def test_namespaces_limit_namespaced_kinds_only() -> None:
    """Each namespace is a watch of its own; cluster-scoped kinds have none."""
    selection = Selection(namespaces=("shop", "bank"))

    plan = make_plan((DEPLOYMENT, NODE), SERVED, selection)

    assert {target.path for target in plan.targets} == {
        "/apis/apps/v1/namespaces/shop/deployments",
        "/apis/apps/v1/namespaces/bank/deployments",
        "/api/v1/nodes",
    }


@given(
    wanted=st.sets(
        st.sampled_from([DEPLOYMENT, SECRET, NODE, EVENT, REVIEW, *WIDGETS, AUTOSCALER])
    ),
    include=st.lists(st.sampled_from(["*", "*/*", "apps/*", "Node"])),
    secrets=st.booleans(),
)
def test_every_wanted_kind_is_watched_or_doubted(
    wanted: set[GroupVersionKind], include: list[str], *, secrets: bool
) -> None:
    """Nothing that is declared is forgotten, and nothing is both."""
    plan = make_plan(wanted, SERVED, Selection(include=tuple(include), secrets=secrets))
    targets = {target.gvk for target in plan.targets}

    assert wanted <= targets | plan.doubts.keys()
    assert not targets & plan.doubts.keys()
    assert secrets or SECRET not in targets
