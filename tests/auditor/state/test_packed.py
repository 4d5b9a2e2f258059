"""Objects in little space come out as they went in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.state.packed import pack, unpack

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.text(), VALUES))
def test_round_trip(body: dict[str, object]) -> None:
    """Whatever the API server sends."""
    assert unpack(pack(orjson.dumps(body))) == body


@pytest.mark.parametrize("size", [10, 10_000])
def test_packing_never_costs_space(size: int) -> None:
    """Small objects stay as they are, large ones shrink."""
    raw = orjson.dumps({"data": {"text": "drift " * size}})

    assert len(pack(raw)) <= len(raw)


def test_several_threads_pack_at_once() -> None:
    """Renderings are packed in threads while the cluster's events are packed in the loop."""
    raw = orjson.dumps({"data": {"text": "drift " * 10_000}})

    with ThreadPoolExecutor(4) as threads:
        bodies = list(threads.map(lambda _: unpack(pack(raw)), range(400)))

    assert all(body == orjson.loads(raw) for body in bodies)
