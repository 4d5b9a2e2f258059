"""What passes a recorder is not changed, and is written down without secrets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from auditor.domain.fieldpath import FieldPath
from auditor.domain.history import Layers, Passage
from auditor.errors import ManifestError, SourceRefused, SourceUnavailable
from auditor.recording.format import Header, RecordingFile, moments
from auditor.recording.frames import (
    Answer,
    Changed,
    Commit,
    Content,
    Ended,
    Finish,
    Frame,
    Head,
    LastChange,
    LetGo,
    Listing,
    Opened,
    Piece,
    Traced,
)
from auditor.recording.player import Player
from auditor.recording.recorder import Recorder
from auditor.recording.recording_repository import RecordingRepository
from auditor.recording.recording_transport import RecordingTransport
from auditor.sources.git.local import LocalClone
from auditor.sources.git.repository import GitRepository
from auditor.telemetry.recording import RecordingEvents
from tests.auditor.recording.scripted import (
    COMMITTED,
    ScriptedApi,
    ScriptedRepository,
    git_id,
    pieces_of,
)
from tests.doubles import FakeClock
from tests.git_repositories import ScriptedRepository as GitUpstream

JSON = "application/json"
PODS = "/api/v1/pods"
MANIFEST = b"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: hunter2222}\n"


def recording(path: Path, clock: FakeClock, registry: CollectorRegistry | None = None) -> Recorder:
    """A recorder that writes a new file."""
    path.unlink(missing_ok=True)
    file = RecordingFile.create(path, Header(created=clock.now(), configuration={}))
    return Recorder(file, clock, RecordingEvents(registry or CollectorRegistry()))


def frames(path: Path) -> list[Frame]:
    """What was recorded, without times."""
    return [frame for _, frame in moments(path)]


async def read_all(transport: RecordingTransport, path: str = PODS) -> list[bytes]:
    """Read a stream to its end."""
    async with transport.stream(path, {"watch": "1"}, accept=JSON) as pieces:
        return [piece async for piece in pieces]


async def test_an_answer_passes_and_is_written(tmp_path: Path, clock: FakeClock) -> None:
    """With its time, and with what chose it."""
    path = tmp_path / "a.rec"
    with recording(path, clock) as recorder:
        transport = RecordingTransport(ScriptedApi(b"{}"), recorder, cluster="prod")
        clock.advance(1.5)

        body = await transport.get(PODS, {"limit": "500", "continue": "next"}, accept=JSON)

    answer = Answer(cluster="prod", path=PODS, params={"continue": "next"}, body=b"{}")
    assert body == b"{}"
    assert next(moments(path)) == (1500, answer)


async def test_an_error_passes_and_is_written(tmp_path: Path, clock: FakeClock) -> None:
    """A refusal is as much of the session as an answer."""
    path = tmp_path / "a.rec"
    api = ScriptedApi(SourceRefused("may not", status=403))
    with recording(path, clock) as recorder:
        transport = RecordingTransport(api, recorder, cluster="prod")

        with pytest.raises(SourceRefused, match="may not"):
            await transport.get(PODS, {}, accept=JSON)
        with pytest.raises(SourceRefused, match="may not"):
            await read_all(RecordingTransport(_refusing(), recorder, cluster="prod"))

    answer, opened, _ = frames(path)
    assert isinstance(answer, Answer)
    assert isinstance(opened, Opened)
    assert answer.failure == opened.failure


def _refusing() -> ScriptedApi:
    return ScriptedApi(SourceRefused("may not", status=403))


@given(cuts=st.lists(st.integers(0, 200), max_size=20))
async def test_pieces_pass_and_whole_lines_are_written(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int]
) -> None:
    """However the network cuts a stream: the reader gets the same, the file gets lines."""
    path = tmp_path_factory.getbasetemp() / "pieces.rec"
    text = b"".join(b'{"type":"ADDED","n":%d}\n' % n for n in range(8))
    sent = pieces_of(text, cuts)
    with recording(path, FakeClock()) as recorder:
        transport = RecordingTransport(ScriptedApi(*sent), recorder, cluster="prod")

        received = await read_all(transport)

    written = [frame.body for frame in frames(path) if isinstance(frame, Piece)]
    assert received == sent
    assert b"".join(written) == text
    assert all(body.endswith(b"\n") for body in written)


async def test_the_end_of_a_stream_is_written(tmp_path: Path, clock: FakeClock) -> None:
    """In order, broken, or left by its reader."""
    path = tmp_path / "a.rec"
    with recording(path, clock) as recorder:
        broken = ScriptedApi(b"{}\n", SourceUnavailable("cut"))
        await read_all(RecordingTransport(ScriptedApi(b"{}\n"), recorder, cluster="prod"))
        with pytest.raises(SourceUnavailable, match="cut"):
            await read_all(RecordingTransport(broken, recorder, cluster="prod"))
        left = RecordingTransport(ScriptedApi(b"{}\n"), recorder, cluster="prod")
        async with left.stream(PODS, {}, accept=JSON):
            pass

    kinds = [(type(frame), getattr(frame, "stream", 0)) for frame in frames(path)]
    assert kinds[2:4] == [(Ended, 1), (LetGo, 1)]
    assert kinds[6:8] == [(Ended, 2), (LetGo, 2)]
    assert kinds[8:] == [(Opened, 3), (LetGo, 3), (Finish, 0)]


async def test_revisions_are_written_and_come_back(tmp_path: Path, clock: FakeClock) -> None:
    """With why there is none of some; what nobody asked for then is not known."""
    path = tmp_path / "a.rec"
    upstream = GitUpstream(tmp_path / "platform.git")
    commit = upstream.commit({"a.yaml": "1"})
    upstream.tag("v1.0.0")
    with recording(path, clock) as recorder:
        inner = GitRepository("platform", LocalClone(upstream.folder))
        repository = RecordingRepository(inner, recorder)
        told = await repository.heads(["", "v1.0.0", "1.x", "v9"])
        for _ in range(2):
            repository.commit(commit)
    player = Player(path)
    (head,) = (frame for frame in frames(path) if isinstance(frame, Head))
    player.repository("platform").point(head)

    again = await player.repository("platform").heads(["", "v1.0.0", "1.x", "v9", "other"])

    assert again.commits == told.commits == dict.fromkeys(["", "v1.0.0", "1.x"], commit)
    assert again.lacking["v9"] == told.lacking["v9"]
    assert "other is not in the recording" in again.lacking["other"]
    assert [type(frame) for frame in frames(path)] == [Head, Commit, Finish]


async def test_a_repository_passes_and_is_written(tmp_path: Path, clock: FakeClock) -> None:
    """Heads, listings, files, changes and commits; facts once."""
    path = tmp_path / "a.rec"
    with recording(path, clock) as recorder:
        inner = ScriptedRepository({"c1": {"a.yaml": b"1"}, "c2": {"a.yaml": b"2", "b.yaml": b"2"}})
        repository = RecordingRepository(inner, recorder)

        heads = [(await repository.heads()).at(), (await repository.heads()).at()]
        for _ in range(2):
            paths = [blob.path for blob in repository.tree("c2").blobs()]
            bodies = [repository.tree("c2").read(path) for path in paths]
        changed, info = repository.changed("c1", "c2"), repository.commit("c2")
        repository.last_change("c2", Passage("a.yaml", 1, (FieldPath(("spec",)),)))

    assert (heads, paths, bodies) == (["c1", "c2"], ["a.yaml", "b.yaml"], [b"2", b"2"])
    assert (sorted(changed), info.author) == (["a.yaml", "b.yaml"], "Ada")
    kinds = [type(frame) for frame in frames(path)]
    assert kinds == [Head, Head, Listing, Content, Changed, Commit, LastChange, Finish]
    noted = Commit(
        repository="platform", commit="c2", author="Ada", committed=COMMITTED, authored=COMMITTED
    )
    last = LastChange(
        repository="platform", commit="c2", path="a.yaml", line=1, fields=("spec",), by=noted
    )
    assert frames(path)[-3:-1] == [noted, last]


async def test_what_is_read_to_trace_a_field_is_not_written(
    tmp_path: Path, clock: FakeClock
) -> None:
    """Only where it led; a replay is led there without reading anything."""
    path = tmp_path / "a.rec"
    fields = (FieldPath(("spec", "x")), FieldPath(("spec", "y")))
    layers = Layers(kind="Web", name="web", said=("hidden", None), files=("a.yaml",))
    passage = Passage("a.yaml", 1, fields, layers=layers)
    with recording(path, clock) as recorder:
        inner = ScriptedRepository({"c1": {"a.yaml": MANIFEST}})
        repository = RecordingRepository(inner, recorder)
        found = repository.trace("c1", passage)

    again = Player(path).repository("platform")

    assert [type(frame) for frame in frames(path)] == [Traced, Finish]
    assert b"hidden" not in b"".join(repr(frame).encode() for frame in frames(path))
    assert again.trace("c1", passage) == found
    assert again.trace("c2", passage) == (Passage("a.yaml", 1, fields),)


async def test_hashes_of_files_are_not_written(tmp_path: Path, clock: FakeClock) -> None:
    """With Git's own id of a file one could check guesses at what is hidden in it."""
    path = tmp_path / "a.rec"
    with recording(path, clock) as recorder:
        tree = RecordingRepository(ScriptedRepository({"c1": {"a.yaml": MANIFEST}}), recorder)
        assert [blob.id for blob in tree.tree("c1").blobs()] == [git_id(MANIFEST)]
        assert tree.tree("c1").read("a.yaml") == MANIFEST

    text = repr(frames(path))
    assert git_id(MANIFEST) not in text
    assert "hunter2222" not in text


async def test_an_unreadable_file_is_withheld(tmp_path: Path, clock: FakeClock) -> None:
    """It passes, and is not written, with the reason; a metric counts it."""
    path, registry = tmp_path / "a.rec", CollectorRegistry()
    with recording(path, clock, registry) as recorder:
        inner = ScriptedRepository({"c1": {"chart.yaml": b"a: {{ .Values.a }}: b"}})

        RecordingRepository(inner, recorder).tree("c1").read("chart.yaml")

    (content,) = (frame for frame in frames(path) if isinstance(frame, Content))
    assert (content.body, bool(content.withheld)) == (b"", True)
    assert registry.get_sample_value("auditor_recording_withheld_total") == 1


async def test_a_folder_that_is_missing_is_written(tmp_path: Path, clock: FakeClock) -> None:
    """A replay has to fail in the same way."""
    path = tmp_path / "a.rec"
    with recording(path, clock) as recorder:
        tree = RecordingRepository(ScriptedRepository({"c1": {}}), recorder).tree("c1")

        with pytest.raises(ManifestError):
            tree.blobs("absent")

    (listing, _) = frames(path)
    assert isinstance(listing, Listing)
    assert listing.missing == "there is no such path"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
async def test_a_full_disk_ends_the_recording_only(clock: FakeClock) -> None:
    """Whatever passes goes on passing."""
    registry = CollectorRegistry()
    file = RecordingFile(os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb", buffering=0), level=1)
    with Recorder(file, clock, RecordingEvents(registry)) as recorder:
        transport = RecordingTransport(ScriptedApi(b"1", b"2"), recorder, cluster="prod")

        bodies = [await transport.get(PODS, {}, accept=JSON) for _ in range(2)]

    assert bodies == [b"1", b"2"]
    assert not registry.get_sample_value("auditor_recorded_frames_total", {"kind": "answer"})


def test_a_recording_ended_in_order_says_so(tmp_path: Path, clock: FakeClock) -> None:
    """One that was cut off does not."""
    path = tmp_path / "a.rec"

    with recording(path, clock):
        clock.advance(2)

    assert list(moments(path)) == [(2000, Finish())]
