"""The first look begins when everything is known, and ends when everything was looked at."""

from __future__ import annotations

from auditor.app.first_look import FirstLook
from auditor.pipeline.queue import RefQueue
from tests.builders import ref

WEB = ref(name="web")


async def test_it_says_once_when_it_is_over() -> None:
    """Not while names wait, and not again."""
    queue, told = RefQueue(), list[str]()
    look = FirstLook(queue, lambda: [WEB], lambda: told.append("settled"))

    look.tick(known=False)
    look.tick(known=True)
    assert (look.done, told) == (False, [])
    queue.done(await queue.take(1))
    look.tick(known=True)
    look.tick(known=True)

    assert (look.done, told) == (True, ["settled"])
