"""A recording is readable as far as it goes, and says clearly when it is none."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import (
    ConfigError,
    RetryableError,
    SourceRefused,
    SourceUnavailable,
    WatchExpired,
)
from auditor.recording.format import Header, Moment, RecordingFile, moments, read_header
from auditor.recording.frames import Answer, Failure, Finish, Frame, Head, Piece
from tests.doubles import START

HEADER = Header(created=START, configuration={"clusters": [{"name": "prod"}]})

_pieces = st.builds(Piece, stream=st.integers(1, 9), body=st.binary(max_size=2000))
_heads = st.builds(Head, repository=st.just("platform"), commit=st.text(max_size=40))
_answers = st.builds(
    Answer,
    cluster=st.just("prod"),
    path=st.text(max_size=20),
    params=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
    body=st.binary(max_size=2000),
    failure=st.none() | st.builds(Failure, message=st.text(), status=st.integers(0, 599)),
)
frames = st.lists(_pieces | _heads | _answers | st.just(Finish()), max_size=20)


def write(path: Path, written: list[Frame]) -> list[Moment]:
    """Write a recording with a frame every ten milliseconds, and return what should be read."""
    path.unlink(missing_ok=True)
    with RecordingFile.create(path, HEADER) as file:
        for number, frame in enumerate(written):
            file.write(number * 10, frame)
    return [(number * 10, frame) for number, frame in enumerate(written)]


@given(written=frames)
def test_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, written: list[Frame]
) -> None:
    """Every frame comes back as it was, in order, with its time."""
    path = tmp_path_factory.getbasetemp() / "round-trip.rec"

    expected = write(path, written)

    assert list(moments(path)) == expected


@given(written=frames, share=st.floats(0, 1))
def test_a_cut_recording_is_worth_all_before_the_cut(
    tmp_path_factory: pytest.TempPathFactory, written: list[Frame], share: float
) -> None:
    """Wherever a file was cut off, what is left is a beginning of what was written."""
    path = tmp_path_factory.getbasetemp() / "cut.rec"
    expected = write(path, written)
    raw = path.read_bytes()
    body = raw.index(b"\n") + 1
    path.write_bytes(raw[: body + round(share * (len(raw) - body))])

    left = list(moments(path))

    assert left == expected[: len(left)]


def test_a_frame_is_readable_once_it_is_written(tmp_path: Path) -> None:
    """A process that is killed loses nothing: the file is never closed here."""
    path = tmp_path / "killed.rec"
    file = RecordingFile.create(path, HEADER)

    file.write(0, Head(repository="platform", commit="1"))
    file.write(5, Head(repository="platform", commit="2"))

    assert [at for at, _ in moments(path)] == [0, 5]
    file.close()


def test_header_says_what_judging_depends_on(tmp_path: Path) -> None:
    """The first line is JSON that people and programs can read."""
    path = tmp_path / "session.rec"

    write(path, [])

    assert read_header(path) == HEADER
    assert msgspec.json.decode(path.read_bytes().splitlines()[0])["version"] == 1


def test_an_existing_file_stays(tmp_path: Path) -> None:
    """Nobody loses a recording by recording again."""
    path = tmp_path / "session.rec"
    path.write_text("precious")

    with pytest.raises(ConfigError, match=r"session\.rec: is there already; name another"):
        RecordingFile.create(path, HEADER)

    assert path.read_text() == "precious"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(ConfigError, match=r"session\.rec: cannot be written"):
        RecordingFile.create(tmp_path / "absent" / "session.rec", HEADER)


@pytest.mark.parametrize("content", [b"", b"hello\n", b"{}\n", b"[1]\n", b'{"format": "tar"}\n'])
def test_another_file_is_no_recording(tmp_path: Path, content: bytes) -> None:
    """The message says how one is made."""
    path = tmp_path / "other"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match="is not a recording; make one with auditor record"):
        read_header(path)


def test_a_later_version_names_the_auditor_that_reads_it(tmp_path: Path) -> None:
    """The remedy is the auditor that made it."""
    path = tmp_path / "later.rec"
    later = msgspec.structs.replace(HEADER, version=99, auditor="7.0")
    path.write_bytes(msgspec.json.encode(later) + b"\n")

    with pytest.raises(ConfigError, match=r"version 99.*use the auditor that made it \(7\.0\)"):
        read_header(path)


def test_a_damaged_recording_says_where(tmp_path: Path) -> None:
    """Bytes that were overwritten are noticed and not guessed at."""
    path = tmp_path / "damaged.rec"
    write(path, [Piece(stream=1, body=bytes(range(256)) * n) for n in range(1, 50)])
    raw = bytearray(path.read_bytes())
    raw[-200:-100] = b"\xff" * 100
    path.write_bytes(raw)

    with pytest.raises(ConfigError, match=r"is damaged \d+\.\d s after its start; record again"):
        list(moments(path))


@pytest.mark.parametrize(
    "error",
    [
        SourceUnavailable("down", retry_after=3.0),
        SourceRefused("no", status=403),
        WatchExpired("gone"),
    ],
)
def test_an_error_comes_back_as_it_was(error: RetryableError) -> None:
    """Class, message and fields, because the runtime goes by them."""
    again = Failure.of(error).error

    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))
