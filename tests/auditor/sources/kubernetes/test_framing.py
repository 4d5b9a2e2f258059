"""A stream cut into lines: where it is cut does not depend on how it arrives."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from auditor.sources.kubernetes.framing import LineSplitter

LINES = st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=10)
CUTS = st.lists(st.integers(min_value=0, max_value=300), max_size=12)


def pieces_of(stream: bytes, cuts: list[int]) -> list[bytes]:
    """The stream, cut at these places."""
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(places)]


def read(splitter: LineSplitter, pieces: list[bytes]) -> list[bytes]:
    """All lines that come out."""
    return [line for piece in pieces for line in splitter.feed(piece)]


@given(lines=LINES, cuts=CUTS)
def test_any_cut_gives_the_same_lines(lines: list[bytes], cuts: list[int]) -> None:
    """However the bytes arrive, the same lines come out, empty ones left out."""
    stream = b"".join(line + b"\n" for line in lines)

    out = read(LineSplitter(), pieces_of(stream, cuts))

    assert out == [line for line in lines if line]


@given(lines=LINES, cuts=CUTS, limit=st.integers(min_value=0, max_value=20))
def test_any_cut_skips_the_same_lines(lines: list[bytes], cuts: list[int], limit: int) -> None:
    """Lines beyond the limit are skipped, and their sizes are told, however they arrive."""
    splitter = LineSplitter(limit)
    stream = b"".join(line + b"\n" for line in lines)

    out = read(splitter, pieces_of(stream, cuts))

    assert out == [line for line in lines if line and len(line) <= limit]
    assert splitter.skipped == [len(line) for line in lines if len(line) > limit]


def test_unfinished_line_is_not_given() -> None:
    """A line without its end may still grow."""
    assert LineSplitter().feed(b'{"type":') == []


def test_endless_line_is_not_kept() -> None:
    """Of a line beyond the limit nothing is held, however long it becomes."""
    splitter = LineSplitter(limit=10)

    for _ in range(1000):
        splitter.feed(b"x" * 1000)

    assert sum(len(part) for part in splitter._parts) <= 10
    assert splitter.feed(b"\nnext\n") == [b"next"]
    assert splitter.skipped == [1_000_000]
