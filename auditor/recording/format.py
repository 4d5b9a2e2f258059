"""The file: one line of JSON for people and programs, then frames, compressed.

Layout: the header as one line; then one zstd stream (RFC 8878) of records, each four bytes of length
(big-endian) and a MessagePack array ``[milliseconds since the start, frame]``. Every record is flushed
as a block of its own, so a process that is killed loses nothing that passed before. The window spans
16 MiB, because API documents repeat each other at great distance. This module refuses to know what
frames mean.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import msgspec
import zstandard

from auditor import __version__
from auditor.errors import ConfigError
from auditor.recording.frames import Frame

FORMAT: Final = "drift-auditor-recording"
VERSION: Final = 1
_HEADER_LIMIT: Final = 1 << 20
_LENGTH: Final = 4
_READ: Final = 1 << 16
_RECORD_LIMIT: Final = 1 << 30
_COMPRESSION: Final = {"window_log": 24, "enable_ldm": True}

Moment = tuple[int, Frame]
"""A frame, and when it was received: milliseconds since the recording's start."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be known before the first frame.

    ``created`` is the moment that offsets count from, UTC. ``configuration`` is the document's part
    that judging depends on, without addresses and credentials. ``seed`` is where chance began, so that a
    replay waits about as long as the recorded run did.
    """

    created: datetime
    configuration: dict[str, Any]
    seed: int = 0
    format: str = FORMAT
    version: int = VERSION
    auditor: str = __version__


class RecordingFile:
    """A recording that is being written. Safe to use from several threads."""

    def __init__(self, file: BinaryIO, *, level: int) -> None:
        parameters = zstandard.ZstdCompressionParameters.from_level(level, **_COMPRESSION)
        self._file = file
        self._compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        self._encoder = msgspec.msgpack.Encoder()
        self._lock = threading.Lock()

    @classmethod
    def create(cls, path: Path, header: Header, *, level: int = 6) -> Self:
        """Begin a recording; a file that is there already stays.

        Raises:
            ConfigError: the file is there already, or cannot be written.

        """
        try:
            file = path.open("xb", buffering=0)
            file.write(msgspec.json.encode(header) + b"\n")
        except FileExistsError as error:
            raise ConfigError(
                f"{path}: is there already; name another file or remove it"
            ) from error
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
        return cls(file, level=level)

    def write(self, at: int, frame: Frame) -> None:
        """Add a frame; on return it is with the operating system.

        Raises:
            OSError: it could not be written; nothing more can be.

        """
        record = self._encoder.encode((at, frame))
        with self._lock:
            data = self._compressor.compress(len(record).to_bytes(_LENGTH, "big") + record)
            data += self._compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
            self._put(data)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()

    def _put(self, data: bytes) -> None:
        """An unbuffered file may take less than it was given."""
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Let go of the file."""
        self.close()


def read_header(path: Path) -> Header:
    """Read what a recording says of itself.

    Raises:
        ConfigError: it cannot be read, is no recording, or is one of a later version.

    """
    try:
        with path.open("rb") as file:
            return _header(path, file)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def moments(path: Path) -> Iterator[Moment]:
    """Read the frames in the order of writing, as far as the file goes.

    Raises:
        ConfigError: the file is no recording, or is damaged; a file that was cut off is not.

    """
    decoder = msgspec.msgpack.Decoder(Moment)
    at = 0
    with path.open("rb") as file:
        _header(path, file)
        try:
            for record in _records(file):
                at, frame = decoder.decode(record)
                yield at, frame
        except (zstandard.ZstdError, msgspec.DecodeError, ValueError) as error:
            raise ConfigError(
                f"{path}: is damaged {at / 1000:.1f} s after its start; record again, "
                "or take an undamaged copy"
            ) from error


def _header(path: Path, file: BinaryIO) -> Header:
    line = file.readline(_HEADER_LIMIT)
    try:
        known = msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.MsgspecError:
        known = {}
    if known.get("format") != FORMAT:
        raise ConfigError(f"{path}: is not a recording; make one with auditor record")
    if known.get("version") != VERSION:
        raise ConfigError(
            f"{path}: is a recording of version {known.get('version')}, and this auditor "
            f"({__version__}) reads version {VERSION}; use the auditor that made it "
            f"({known.get('auditor')})"
        )
    try:
        return msgspec.convert(known, Header)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: has a damaged header: {error}") from error


def _records(file: BinaryIO) -> Iterator[bytes]:
    """Stop, without a word, where the file does."""
    stream = zstandard.ZstdDecompressor().decompressobj()
    buffer = bytearray()
    while part := file.read(_READ):
        buffer += stream.decompress(part)
        yield from _split(buffer)


def _split(buffer: bytearray) -> Iterator[bytes]:
    """Take whole records out of what was read so far."""
    start = 0
    while len(buffer) >= start + _LENGTH:
        body = start + _LENGTH
        end = body + int.from_bytes(buffer[start:body], "big")
        if end - body > _RECORD_LIMIT:
            raise ValueError(end - body)
        if end > len(buffer):
            break
        yield bytes(buffer[body:end])
        start = end
    del buffer[:start]
