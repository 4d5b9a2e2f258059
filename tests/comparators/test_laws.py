"""What holds for any object whatever."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.difference import Difference, Op
from auditor.domain.fieldpath import Key, Member, Segment
from tests.builders import deployment, secret
from tests.comparators.pairs import compared, differences, paired

names = st.text("abcdefgh-", min_size=1, max_size=6)
scalars = st.one_of(st.booleans(), st.integers(-5, 5), st.text("abc$()1m", max_size=4))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=12,
)


def unique(item: str) -> Any:
    """A strategy's uniqueness rule: items differ in this field."""
    return lambda value: value[item]


env = st.lists(
    st.fixed_dictionaries({"name": names, "value": st.text("abc", max_size=3)}),
    unique_by=unique("name"),
    max_size=5,
)
ports = st.lists(
    st.fixed_dictionaries(
        {"containerPort": st.integers(1, 9), "protocol": st.sampled_from(["TCP", "UDP"])}
    ),
    unique_by=lambda port: (port["containerPort"], port["protocol"]),
    max_size=4,
)
containers = st.lists(
    st.fixed_dictionaries(
        {"name": names, "image": names},
        optional={
            "env": env,
            "ports": ports,
            "args": st.lists(names, max_size=4),
            "command": st.lists(names, min_size=1, max_size=3),
            "resources": st.fixed_dictionaries(
                {
                    "limits": st.dictionaries(
                        st.sampled_from(["cpu", "memory"]), st.integers(1, 9).map(str)
                    )
                }
            ),
            "securityContext": st.fixed_dictionaries({"privileged": st.booleans()}),
        },
    ),
    unique_by=unique("name"),
    min_size=1,
    max_size=3,
)
labels = st.dictionaries(names, names, max_size=3)


@st.composite
def deployments(draw: st.DrawFn) -> dict[str, Any]:
    """Deployments of one name that differ in everything else."""
    body = deployment(replicas=draw(st.integers(1, 5)))
    body["metadata"]["labels"] = draw(labels)
    body["spec"]["template"]["spec"]["containers"] = draw(containers)
    if draw(st.booleans()):
        tolerations = [
            {"key": key, "operator": "Exists"} for key in draw(st.lists(names, max_size=3))
        ]
        body["spec"]["template"]["spec"]["tolerations"] = tolerations
    return body


widgets = st.fixed_dictionaries({"spec": st.dictionaries(names, values, max_size=4)}).map(
    lambda rest: {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "w", "namespace": "shop"},
        **rest,
    }
)


@given(st.one_of(deployments(), widgets))
def test_an_object_is_what_it_is(body: dict[str, Any]) -> None:
    """Nothing differs from itself."""
    assert compared(paired(body, copy.deepcopy(body))) == []


@given(deployments(), deployments())
def test_comparing_changes_nothing(desired: dict[str, Any], actual: dict[str, Any]) -> None:
    """Neither side is touched."""
    before = json.dumps([desired, actual])

    compared(paired(desired, actual))

    assert json.dumps([desired, actual]) == before


@given(deployments(), st.randoms())
def test_keyed_lists_have_no_order(body: dict[str, Any], chance: Any) -> None:
    """Containers, variables without references, and ports may stand in any order."""
    shuffled = copy.deepcopy(body)
    chance.shuffle(shuffled["spec"]["template"]["spec"]["containers"])
    for container in shuffled["spec"]["template"]["spec"]["containers"]:
        for part in ("env", "ports"):
            chance.shuffle(container.get(part, []))

    assert differences(body, shuffled) == []


@given(st.one_of(st.tuples(deployments(), deployments()), st.tuples(widgets, widgets)))
def test_swapping_the_sides_swaps_added_and_removed(sides: tuple[Any, Any]) -> None:
    """Without writers nothing tells the sides apart but their place."""
    swapped = {Op.ADDED: Op.REMOVED, Op.REMOVED: Op.ADDED, Op.CHANGED: Op.CHANGED}

    there = differences(*sides)
    back = differences(*reversed(sides))

    assert sorted(
        (d.pointer.count("/"), swapped[d.op]) for d in there if d.op is not Op.CHANGED
    ) == (sorted((d.pointer.count("/"), d.op) for d in back if d.op is not Op.CHANGED))


@given(st.one_of(st.tuples(deployments(), deployments()), st.tuples(widgets, widgets)))
def test_undoing_the_differences_gives_what_was_declared(sides: tuple[Any, Any]) -> None:
    """A report is complete: who undoes it all has what Git says."""
    desired, actual = sides

    restored = undo(actual, differences(desired, actual))

    assert differences(desired, restored) == []


@given(st.dictionaries(names, st.text("ABCDEFGH", min_size=8, max_size=12), min_size=1, max_size=4))
def test_no_secret_value_is_ever_said(planted: dict[str, str]) -> None:
    """Not in a value, not in a message, not in a path."""
    desired = secret(data=planted)
    actual = secret(
        data={name: value[::-1] + "=" for name, value in planted.items()} | {"new": "ZZZZZZZZ"}
    )
    actual["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/last-applied-configuration": str(planted)
    }

    said = repr(compared(paired(desired, actual)))

    assert "K8S-002" in said
    assert not any(value in said for value in [*planted.values(), "ZZZZZZZZ"])


def undo(actual: dict[str, Any], found: list[Difference]) -> dict[str, Any]:
    """Apply differences to the actual object: what was added goes, what is gone comes back."""
    body = copy.deepcopy(actual)
    for difference in (d for d in found if d.op is Op.CHANGED):
        _put(body, difference)
    added = [d for d in found if d.op is Op.ADDED]
    for difference in sorted(added, key=_place, reverse=True):
        _drop(body, difference)
    for difference in sorted((d for d in found if d.op is Op.REMOVED), key=_place):
        _restore(body, difference)
    return body


def _place(difference: Difference) -> tuple[int, ...]:
    return tuple(s if isinstance(s, int) else -1 for s in difference.path.segments)


def _put(body: Any, difference: Difference) -> None:
    steps = [
        step.replace("~1", "/").replace("~0", "~") for step in difference.pointer[1:].split("/")
    ]
    *way, last = steps
    for step in way:
        body = body[int(step)] if isinstance(body, list) else body[step]
    body[int(last) if isinstance(body, list) else last] = difference.desired


def _holder(body: Any, segments: tuple[Segment, ...]) -> Any:
    for segment in segments[:-1]:
        following = segments[segments.index(segment) + 1]
        empty: Any = {} if isinstance(following, str) else []
        if isinstance(segment, str):
            body = body.setdefault(segment, empty)
        elif isinstance(segment, Key):
            body = next(item for item in body if segment.allows(item))
        elif isinstance(segment, int):
            body = body[segment]
    return body


def _drop(body: Any, difference: Difference) -> None:
    holder, last = _holder(body, difference.path.segments), difference.path.segments[-1]
    if isinstance(last, Key):
        holder.remove(next(item for item in holder if last.allows(item)))
    elif isinstance(last, Member):
        holder.remove(last.value)
    else:
        del holder[last]


def _restore(body: Any, difference: Difference) -> None:
    holder, last = _holder(body, difference.path.segments), difference.path.segments[-1]
    if isinstance(last, str):
        holder[last] = difference.desired
    elif isinstance(last, int):
        holder.insert(last, difference.desired)
    else:
        holder.append(difference.desired)
