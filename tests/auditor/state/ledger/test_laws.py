"""Laws of the ledger: how it was fed, and what interrupted it, does not show."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.domain.finding import Outcome, TrackedFinding, TransitionKind
from auditor.errors import StoreUnavailable
from auditor.state.ledger import LedgerReader, SqliteLedger
from tests.doubles import START
from tests.outcomes import clean, drifted, hidden, unknown

NAMES = ("web", "api", "db")
LOOKS = st.lists(
    st.sampled_from(NAMES).flatmap(
        lambda name: st.sampled_from(
            [
                drifted(name),
                drifted(name, actual="web:2.0"),
                clean(name),
                hidden(name),
                unknown(name),
            ]
        )
    ),
    max_size=20,
)
Told = tuple[Sequence[TrackedFinding], dict[str, list[tuple[TransitionKind, str]]]]


@contextmanager
def ledger_file() -> Iterator[Path]:
    """A fresh place for every example."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "ledger.db"


def told(path: Path) -> Told:
    """All findings, and the history of each: transition and id."""
    with LedgerReader(path) as reader:
        findings = sorted(reader.findings(None), key=lambda tracked: tracked.fingerprint)
        histories = {
            tracked.fingerprint: [
                (each.transition.kind, each.transition.id)
                for each in reader.history(tracked.fingerprint)
            ]
            for tracked in findings
        }
        return findings, histories


async def tell(path: Path, batches: Sequence[Sequence[Outcome]], *, together: bool = False) -> Told:
    """Record batches, one after the other or all waiting at once."""
    async with SqliteLedger.open(path) as ledger:
        if together:
            async with asyncio.TaskGroup() as group:
                for batch in batches:
                    group.create_task(ledger.record(batch, at=START))
        else:
            for batch in batches:
                await ledger.record(batch, at=START)
    return told(path)


def cut(looks: Sequence[Outcome], places: Sequence[int]) -> list[Sequence[Outcome]]:
    """The same looks in the same order, in batches."""
    edges = sorted({0, len(looks), *(place for place in places if place < len(looks))})
    return [looks[start:end] for start, end in pairwise(edges)]


@settings(max_examples=25, deadline=None)
@given(looks=LOOKS, places=st.lists(st.integers(0, 20), max_size=5), together=st.booleans())
def test_batches_do_not_show(looks: list[Outcome], places: list[int], *, together: bool) -> None:
    """One by one, in batches, or committed as a group: the same findings, the same ids."""
    with ledger_file() as one, ledger_file() as other:
        singly = asyncio.run(tell(one, [[look] for look in looks]))
        batched = asyncio.run(tell(other, cut(looks, places), together=together))

    assert batched == singly


@settings(max_examples=25, deadline=None)
@given(LOOKS, st.lists(st.integers(1, 2_000), min_size=1, max_size=8))
def test_interruptions_do_not_show(looks: list[Outcome], points: list[int]) -> None:
    """A transaction that breaks anywhere leaves nothing behind; trying again gives the same ids."""

    async def tell_interrupted(path: Path) -> Told:
        async with SqliteLedger.open(path) as ledger:
            connection = ledger._recorder._writer._connection  # what breaks is underneath
            for number, look in enumerate(looks):
                point = points[number % len(points)]
                connection.set_progress_handler(lambda: 1, point)
                try:
                    await ledger.record([look], at=START)
                except StoreUnavailable:
                    connection.set_progress_handler(None, 0)
                    await ledger.record([look], at=START)
                connection.set_progress_handler(None, 0)
        return told(path)

    with ledger_file() as one, ledger_file() as other:
        assert asyncio.run(tell_interrupted(one)) == asyncio.run(tell(other, [[x] for x in looks]))


STORY = """
import asyncio, pathlib, sys
from tests.auditor.state.ledger.test_laws import look
from tests.doubles import START
from auditor.state.ledger import SqliteLedger
from datetime import timedelta
from itertools import pairwise

async def main(path, first):
    async with SqliteLedger.open(path) as ledger:
        print("ready", flush=True)
        for number in range(first, 120):
            await ledger.record([look(number)], at=START + timedelta(seconds=number))
            print(number, flush=True)

asyncio.run(main(pathlib.Path(sys.argv[1]), int(sys.argv[2])))
"""


def look(number: int) -> Outcome:
    """The story that a killed process tells: each object drifts and comes back."""
    name = NAMES[number % 3]
    return drifted(name) if number // 3 % 2 == 0 else clean(name)


def test_killing_the_process_does_not_show(tmp_path: Path) -> None:
    """SIGKILL at random moments; the restarted process looks again, as the worker does."""
    rng, path, done, kills = random.Random(4), tmp_path / "ledger.db", -1, 0
    while done < 119:
        done, killed = _run_until_killed(path, done + 1, rng.randrange(5, 30))
        kills += killed

    expected = asyncio.run(_undisturbed(tmp_path / "expected.db"))
    assert kills > 3
    assert told(path)[1] == expected[1]


def _run_until_killed(path: Path, first: int, steps: int) -> tuple[int, bool]:
    command = [sys.executable, "-c", STORY, str(path), str(first)]
    done = first - 1
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            done = int(line) if line.strip().isdigit() else done
            if done >= first + steps:
                process.send_signal(signal.SIGKILL)
                break
        rest = [int(line) for line in process.stdout.read().split() if line.isdigit()]
    return max([done, *rest]), process.returncode < 0


async def _undisturbed(path: Path) -> Told:
    async with SqliteLedger.open(path) as ledger:
        for number in range(120):
            await ledger.record([look(number)], at=START + timedelta(seconds=number))
    return told(path)
