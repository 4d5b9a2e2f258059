"""The recorded session, and what people did in it, as they would tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import msgspec

_FOLDER: Final = files("auditor.demo")


class Line(msgspec.Struct, frozen=True):
    """Who did what; ``at`` is in seconds since the recording's start."""

    at: float
    who: str
    what: str


def story() -> Sequence[Line]:
    """Everything that was done, in order."""
    return msgspec.json.decode(_FOLDER.joinpath("story.json").read_bytes(), type=list[Line])


def told(lines: Sequence[Line], elapsed: float) -> Sequence[Line]:
    """What has been done by a moment of the recording."""
    return [line for line in lines if line.at <= elapsed]


@contextmanager
def recording() -> Iterator[Path]:
    """The recorded session as a file, wherever the package is installed."""
    with as_file(_FOLDER.joinpath("shop.recording")) as path:
        yield path
