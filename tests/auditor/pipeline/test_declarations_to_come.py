"""While owners are still to be followed, nobody knows how an object is declared, or that it is not."""

from __future__ import annotations

from auditor.domain.identity import GroupVersionKind
from auditor.domain.pair import Doubt
from auditor.pipeline.pairing import ClusterState, Pairs
from auditor.ports import Rendering, RenderRequest
from auditor.state.actual import ActualState
from auditor.state.actual_kind import EVERYWHERE
from auditor.state.declared import pack_rendering
from auditor.state.desired import DesiredState
from auditor.state.roots import Root
from auditor.state.scalers import Scalers
from tests.builders import CLUSTER, config_map, manifest, ref
from tests.doubles import START
from tests.neighbours import alone

CONFIG_MAPS = GroupVersionKind("", "v1", "ConfigMap")


class Audited:
    """Two configured roots, of which the first leads to more; only the second was rendered."""

    def __init__(self) -> None:
        request = RenderRequest(path="", cluster=CLUSTER)
        self.desired = DesiredState(
            [
                Root(name="platform", repository="a", request=request, discover="flux"),
                Root(name="plain", repository="b", request=request),
            ],
            scope=lambda *_: True,
        )
        self.render("plain", "other")

    def render(self, root: str, name: str) -> None:
        """Let a root declare one ConfigMap."""
        rendering = Rendering(manifests=(manifest(config_map(name)),))
        self.desired.replace(root, pack_rendering(rendering, revision="r", at=START))

    def doubt(self, name: str) -> Doubt | None:
        """What is doubtful about a ConfigMap's declaration."""
        actual = ActualState(CLUSTER)
        actual.kind(CONFIG_MAPS).standings.settle(EVERYWHERE, None, START)
        state = ClusterState(actual=actual, scalers=Scalers(), schema_for=lambda _gvk: None)
        pairs = Pairs(self.desired, {CLUSTER: state}, lambda _ref: True, alone())
        return pairs.of(ref("ConfigMap", name, group="")).doubt


def test_what_may_be_declared_otherwise_below_is_doubtful() -> None:
    """Until all that the root leads to was rendered; other roots' objects are not."""
    audited = Audited()
    audited.render("platform", "settings")
    before = audited.doubt("settings")

    audited.desired.followed.arrive(["platform"])

    assert before is Doubt.RENDER_FAILED
    assert audited.doubt("settings") is None
    assert audited.doubt("other") is None


def test_nothing_is_surely_undeclared_before() -> None:
    """An owner yet to be found may declare it."""
    audited = Audited()
    audited.render("platform", "settings")
    before = audited.doubt("unheard-of")

    audited.desired.followed.arrive(["platform"])

    assert before is Doubt.RENDER_FAILED
    assert audited.doubt("unheard-of") is None


def test_a_root_that_fails_holds_up_no_others() -> None:
    """What is declared elsewhere is judged all the same."""
    audited = Audited()
    audited.desired.roots.mark_stale("platform", "tabs")

    assert audited.doubt("other") is None
