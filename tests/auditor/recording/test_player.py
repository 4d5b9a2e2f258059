"""A replay is what was recorded: same answers, same order, same times, every time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.fieldpath import FieldPath
from auditor.domain.history import CommitInfo, Passage
from auditor.errors import ManifestError, RetryableError, SourceRefused, SourceUnavailable
from auditor.ports import Clock
from auditor.recording.format import Header, Moment, RecordingFile
from auditor.recording.frames import (
    Answer,
    Changed,
    Commit,
    Content,
    Ended,
    Failure,
    File,
    Finish,
    Head,
    LastChange,
    LetGo,
    Listing,
    Omission,
    Opened,
    Piece,
)
from auditor.recording.pace import Pace
from auditor.recording.player import Player
from auditor.recording.quiet import run_quietly, settled_by
from tests.doubles import START

JSON = "application/json"
PODS = "/api/v1/pods"
Watcher = Callable[[Player, list[str]], Coroutine[Any, Any, None]]


def player(folder: Path, moments: Sequence[Moment]) -> Player:
    """A player of a recording with these frames."""
    path = folder / "session.rec"
    path.unlink(missing_ok=True)
    with RecordingFile.create(path, Header(created=START, configuration={})) as file:
        for at, frame in moments:
            file.write(at, frame)
    return Player(path)


def play(played: Player, *watchers: Watcher, pace: Pace | None = None) -> list[str]:
    """Play to the end beside some watchers, and return what they noted."""
    log: list[str] = []

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(watcher(played, log)) for watcher in watchers]
            await played.play(settled_by(lambda: False), pace or Pace())
            for task in tasks:
                task.cancel()

    run_quietly(main())
    return log


def stamp(clock: Clock) -> str:
    """Seconds since the start."""
    return f"{(clock.now() - START) / timedelta(seconds=1):g}"


async def watch(played: Player, log: list[str]) -> None:
    """Follow a stream again and again, as a reflector does, with threads and naps between."""
    transport = played.transport("prod")
    while True:
        try:
            async with transport.stream(PODS, {}, accept=JSON) as pieces:
                async for piece in pieces:
                    text = await asyncio.to_thread(piece.decode)
                    await asyncio.sleep(0)
                    log.append(f"{stamp(played.clock)} {text.strip()}")
        except RetryableError as error:
            log.append(f"{stamp(played.clock)} {error}")
        await played.clock.sleep(1)


async def tick(played: Player, log: list[str]) -> None:
    """Look at the clock every two recorded seconds."""
    while True:
        await played.clock.sleep(2)
        log.append(f"{stamp(played.clock)} tick")


async def ask(played: Player, log: list[str]) -> None:
    """Ask again and again."""
    while True:
        try:
            body = await played.transport("prod").get(PODS, {"limit": "5"}, accept=JSON)
            log.append(f"{stamp(played.clock)} {body.decode()}")
        except RetryableError as error:
            log.append(f"{stamp(played.clock)} {error}")


def opened(stream: int, failure: Failure | None = None) -> Opened:
    return Opened(stream=stream, cluster="prod", path=PODS, failure=failure)


def answer(body: bytes, failure: Failure | None = None) -> Answer:
    return Answer(cluster="prod", path=PODS, body=body, failure=failure)


def test_pieces_come_at_their_times(tmp_path: Path) -> None:
    """Recorded times are the only ones there are."""
    moments: list[Moment] = [
        (0, opened(1)),
        (1500, Piece(stream=1, body=b"a\n")),
        (1500, Piece(stream=1, body=b"b\n")),
        (9000, Piece(stream=1, body=b"c\n")),
    ]

    assert play(player(tmp_path, moments), watch) == ["1.5 a", "1.5 b", "9 c"]


def test_time_passes_for_whoever_sleeps(tmp_path: Path) -> None:
    """Sleepers wake in order between the frames, up to the end of the recording."""
    moments: list[Moment] = [
        (0, opened(1)),
        (3000, Piece(stream=1, body=b"a\n")),
        (5000, Finish()),
    ]

    assert play(player(tmp_path, moments), watch, tick) == ["2 tick", "3 a", "4 tick"]


def test_a_stream_that_broke_breaks_again(tmp_path: Path) -> None:
    """And the next one is given to whoever comes back."""
    moments: list[Moment] = [
        (0, opened(1)),
        (1000, Ended(stream=1, failure=Failure(message="cut"))),
        (1000, LetGo(stream=1)),
        (2000, opened(2, Failure(message="down"))),
        (3500, opened(3)),
        (4000, Piece(stream=3, body=b"a\n")),
        (4500, Ended(stream=3)),
    ]

    assert play(player(tmp_path, moments), watch) == ["1 cut", "2 down", "4 a"]


def test_a_stream_that_was_left_is_left(tmp_path: Path) -> None:
    """Where the reader came back for another; otherwise it only stopped with the recording."""
    moments: list[Moment] = [
        (0, opened(1)),
        (1000, LetGo(stream=1)),
        (3000, opened(2)),
        (4000, Piece(stream=2, body=b"a\n")),
        (5000, LetGo(stream=2)),
    ]

    log = play(player(tmp_path, moments), watch)

    assert log == ["1 the stream was left here while recording", "4 a"]


def test_answers_come_at_their_times(tmp_path: Path) -> None:
    """Errors too."""
    moments: list[Moment] = [
        (500, answer(b"a")),
        (2000, answer(b"", Failure(message="busy", status=429))),
        (4000, answer(b"b")),
    ]

    assert play(player(tmp_path, moments), ask) == ["0.5 a", "2 busy", "4 b"]


def test_who_asks_late_gets_the_latest(tmp_path: Path) -> None:
    """Otherwise a reader that sleeps a little longer than it did would fall behind for good."""

    async def sleepy(played: Player, log: list[str]) -> None:
        await played.clock.sleep(3)
        await ask(played, log)

    moments: list[Moment] = [(1000, answer(b"a")), (2000, answer(b"b")), (4000, answer(b"c"))]

    assert play(player(tmp_path, moments), sleepy) == ["3 b", "4 c"]


def test_what_was_never_asked_is_refused(tmp_path: Path) -> None:
    """As a server refuses what it does not serve."""

    async def curious(played: Player, log: list[str]) -> None:
        try:
            await played.transport("prod").get("/apis/new", {}, accept=JSON)
        except SourceRefused as error:
            log.append(f"{error.status} {error}")

    log = play(player(tmp_path, [(0, answer(b"a"))]), curious)

    assert log == ["404 /apis/new: was not asked for while recording"]


def test_the_form_that_is_asked_for_tells_streams_apart(tmp_path: Path) -> None:
    """Metadata alone is another stream than whole objects, at the same path."""

    async def glance(played: Player, log: list[str]) -> None:
        async with played.transport("prod").stream(PODS, {}, accept="metadata") as pieces:
            piece = await anext(pieces)
            log.append(f"{stamp(played.clock)} {piece.decode().strip()}")

    meta = Opened(stream=2, cluster="prod", path=PODS, accept="metadata")
    moments: list[Moment] = [
        (0, meta),
        (0, opened(1)),
        (1000, Piece(stream=1, body=b"whole\n")),
        (2000, Piece(stream=2, body=b"meta\n")),
    ]

    assert play(player(tmp_path, moments), glance, watch) == ["1 whole", "2 meta"]


_bodies = st.binary(min_size=1, max_size=5).map(lambda raw: raw.hex().encode() + b"\n")
_gaps = st.integers(0, 3000)


@given(parts=st.lists(st.tuples(_gaps, _bodies), max_size=15))
def test_every_replay_takes_the_same_path(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[int, bytes]]
) -> None:
    """Twice the same, although three readers, their threads and their naps compete."""
    at = 0
    moments: list[Moment] = [(0, opened(1)), (0, answer(b"first"))]
    for gap, body in parts:
        at += gap
        moments += [(at, Piece(stream=1, body=body)), (at, answer(body.strip()))]
    folder = tmp_path_factory.getbasetemp()

    first, second = (play(player(folder, moments), watch, tick, ask) for _ in range(2))

    assert first == second
    assert sum("tick" not in line for line in first) == 2 * len(parts) + 1


def test_a_pace_holds_back(tmp_path: Path) -> None:
    """At speed 20, two recorded seconds take a tenth of a second."""
    moments: list[Moment] = [(0, opened(1)), (2000, Finish())]
    took: list[float] = []

    async def measure(_played: Player, _log: list[str]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await asyncio.Event().wait()
        finally:
            took.append(loop.time() - began)

    play(player(tmp_path, moments), measure, pace=Pace(20))

    assert 0.09 < took[0] < 2


def git(*more: Moment) -> list[Moment]:
    """Two commits of a repository."""
    files = (File("apps/a.yaml", "t1"), File("apps/b.yaml", "t2"))
    omissions = (Omission("apps/vendor", None, "is a submodule"),)
    before = Listing(
        repository="platform", commit="c1", under="apps", files=files, omissions=omissions
    )
    after = Listing(repository="platform", commit="c2", under="apps", files=files[:1])
    missing = Listing(repository="platform", commit="c2", under="gone", missing="no such path")
    return [
        (0, Head(repository="platform", commit="c1")),
        (1, before),
        (2, Content(repository="platform", blob="t1", body=b"a")),
        (3, Content(repository="platform", blob="t2", withheld="is no YAML")),
        (4, Commit(repository="platform", commit="c1", author="Ada", committed=START)),
        (5, after),
        (6, missing),
        *more,
    ]


def test_commits_are_at_hand_from_the_start(tmp_path: Path) -> None:
    """Whoever asks for them does not wait."""
    repository = player(tmp_path, git()).repository("platform")

    tree = repository.tree("c1")

    assert [(blob.path, blob.id, blob.size) for blob in tree.blobs("apps")] == [
        ("apps/a.yaml", "t1", 1),
        ("apps/b.yaml", "t2", 0),
    ]
    assert [blob.path for blob in tree.blobs("apps/b.yaml")] == ["apps/b.yaml"]
    assert [skipped.reason for skipped in tree.omitted("apps")] == ["is a submodule"]
    assert tree.read("apps/a.yaml") == b"a"
    assert repository.commit("c1").author == "Ada"


def test_files_that_are_not_there_say_why(tmp_path: Path) -> None:
    """Withheld, never read, never listed, or missing then as now."""
    repository = player(tmp_path, git()).repository("platform")

    with pytest.raises(
        ManifestError, match=r"apps/b\.yaml: is not in the recording: it is no YAML"
    ):
        repository.tree("c1").read("apps/b.yaml")
    with pytest.raises(ManifestError, match="is not in the recording"):
        repository.tree("c1").blobs("other")
    with pytest.raises(ManifestError, match="gone: no such path"):
        repository.tree("c2").blobs("gone")
    with pytest.raises(SourceUnavailable, match="c9 is not in the recording"):
        repository.tree("c9")
    with pytest.raises(SourceUnavailable, match="c9 is not in the recording"):
        repository.commit("c9")


def test_last_changes_are_as_recorded(tmp_path: Path) -> None:
    """What nobody knew then nobody knows now."""
    by = Commit(repository="platform", commit="c0", author="Bo", committed=START)
    asked = LastChange(
        repository="platform", commit="c1", path="apps/a.yaml", line=3, fields=("spec.x",), by=by
    )
    repository = player(tmp_path, git((7, asked))).repository("platform")
    passage = Passage("apps/a.yaml", 3, (FieldPath(("spec", "x")),))

    assert repository.last_change("c1", passage) == CommitInfo(
        id="c0", author="Bo", authored=START, committed=START
    )
    with pytest.raises(
        SourceUnavailable, match=r"what changed apps/a\.yaml .*is not in the recording"
    ):
        repository.last_change("c1", Passage("apps/a.yaml", 3))


def test_changes_are_as_recorded_or_seen_from_the_files(tmp_path: Path) -> None:
    """A replay that skips a commit asks for a change that nobody asked for."""
    change = Changed(repository="platform", before="c2", after="c1", paths=("elsewhere",))
    repository = player(tmp_path, git((7, change))).repository("platform")

    assert repository.changed("c2", "c1") == {"elsewhere"}
    assert repository.changed("c1", "c2") == {"apps/b.yaml"}
    with pytest.raises(SourceUnavailable):
        repository.changed("c1", "c9")


def test_the_head_moves_when_it_did(tmp_path: Path) -> None:
    """Looks that failed fail again."""

    async def follow(played: Player, log: list[str]) -> None:
        while True:
            try:
                head = (await played.repository("platform").heads()).at()
                log.append(f"{stamp(played.clock)} {head}")
            except SourceUnavailable as error:
                log.append(f"{stamp(played.clock)} {error}")

    moments = git(
        (1000, Head(repository="platform", failure=Failure(message="down"))),
        (2000, Head(repository="platform", commit="c2")),
    )

    assert play(player(tmp_path, moments), follow) == ["0 c1", "1 down", "2 c2"]
