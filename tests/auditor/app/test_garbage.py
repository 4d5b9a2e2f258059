"""What stays is not walked again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from auditor.app.garbage import set_aside


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Other tests want to hear of what is left open."""
    yield
    gc.unfreeze()


def test_what_is_there_is_passed_over() -> None:
    """A later collection does not meet it."""
    kept = [["something", "that", "stays"]]

    set_aside()

    assert gc.get_freeze_count() > 0
    assert not any(each is kept for each in gc.get_objects())


def test_what_comes_later_is_collected() -> None:
    """Cycles too."""
    set_aside()
    loop: list[object] = []
    loop.append(loop)
    del loop

    assert gc.collect() >= 1
