"""How roots stand, and which owners call for them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.manifest import Owner
from auditor.ports import RenderRequest
from auditor.state.roots import Found, Root, RootStatuses
from tests.builders import ref

KEEPERS = [ref("Application", name, group="argoproj.io") for name in ("a", "b")]


def called_for(name: str, keeper: int | None) -> Root:
    """A root that an owner calls for, or that is configured."""
    found = None
    if keeper is not None:
        owner = Owner(tool="argocd", name=name)
        found = Found(below="top", depth=1, keeper=KEEPERS[keeper], owner=owner)
    return Root(
        name=name,
        repository="platform",
        request=RenderRequest(path=name, cluster="prod"),
        found=found,
    )


@given(
    st.lists(
        st.tuples(st.sampled_from("xyz"), st.sampled_from([None, 0, 1]), st.booleans()), max_size=12
    )
)
def test_owners_are_found_by_what_they_call_for(
    steps: list[tuple[str, int | None, bool]],
) -> None:
    """Whatever roots came, went and changed their owner."""
    statuses = RootStatuses([])
    for name, keeper, is_put in steps:
        if is_put:
            statuses.put(called_for(name, keeper))
        elif name in statuses:
            statuses.remove(name)

    for owner in KEEPERS:
        calls = [s.root.found for s in statuses.all() if s.root.found]
        mine = [found for found in calls if found.keeper == owner]
        told = statuses.called_for_by(owner)
        assert told in mine if mine else told is None
