"""The files of an archive that nobody vouches for.

Read as a stream and bounded: in bytes (packed and unpacked, so that what blows up ends early), in files, in
the length of what describes a file. A path that leads out, a device, a hard link or a file with holes refuses
the whole archive, because the tools refuse it too and a file less looks like an object deleted. Nothing is
ever written where the archive says. It refuses to know what the files mean.

Flux reads archives so: https://github.com/fluxcd/pkg/blob/main/tar/tar.go, and leaves symbolic links out.
Argo CD takes those that stay inside: https://github.com/argoproj/argo-cd/blob/master/util/io/files/tar.go.
"""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final, Self

from auditor.errors import SourceUnavailable
from auditor.sources.artifacts.paths import Unacceptable, inside
from auditor.sources.git.shelf import Entry

_MIB: Final = 2**20
_DESCRIBING: Final = frozenset(
    {
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    }
)
"""Members that hold names and attributes of the member after them."""
_MAX_DESCRIPTION: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one revision may be: bytes as it is sent, bytes of all files, and how many files."""

    packed: int = 64 * _MIB
    unpacked: int = 256 * _MIB
    files: int = 20_000


def unpacked(archive: IO[bytes], *, bounds: Bounds, links: bool) -> Iterator[Entry]:
    """Yield the files of a tar archive, packed with gzip or not; symbolic links too where asked for.

    The content of each is whole, and must be read before the next is asked for.

    Raises:
        SourceUnavailable: it cannot be read, exceeds a bound or holds what may not be in it.

    """
    try:
        with tarfile.open(
            fileobj=_Bounded(_plain(archive), bounds.unpacked + bounds.files * 1024),
            mode="r|",
            tarinfo=_Member,
            errorlevel=2,
        ) as opened:
            yield from _entries(opened, bounds, links=links)
    except Unacceptable as fact:
        raise SourceUnavailable(f"the archive {fact}.") from fact
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError) as error:
        raise SourceUnavailable(f"the archive cannot be read: {error}.") from error


def _plain(archive: IO[bytes]) -> IO[bytes]:
    is_packed = archive.read(2) == b"\x1f\x8b"
    archive.seek(0)
    return gzip.GzipFile(fileobj=archive) if is_packed else archive  # type: ignore[return-value]  # reads bytes


def _entries(opened: tarfile.TarFile, bounds: Bounds, *, links: bool) -> Iterator[Entry]:
    size = 0
    for number, member in enumerate(opened, 1):
        if number > bounds.files:
            raise Unacceptable(f"holds more than {bounds.files:,} files")
        path = inside(member.name)
        if member.isdir() or not path:
            continue
        if member.issym():
            if links:
                yield Entry(path=path, content=io.BytesIO(member.linkname.encode()), is_link=True)
            continue
        size += member.size
        if size > bounds.unpacked:
            raise Unacceptable(f"unpacks to more than {bounds.unpacked // _MIB} MiB")
        with tempfile.SpooledTemporaryFile(max_size=_MIB) as content:
            shutil.copyfileobj(_content(opened, member), content)
            content.seek(0)
            yield Entry(path=path, content=content)


def _content(opened: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = opened.extractfile(member) if member.isreg() and not member.issparse() else None
    if content is None:
        raise Unacceptable(f"holds {member.name!r}, which is neither a file nor a folder")
    return content


class _Member(tarfile.TarInfo):
    """A member of which the header is judged.

    Tarfile takes a broken one for the end of the archive, and reads a description into memory whatever its
    size.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read a header.

        Raises:
            Unacceptable: it is broken, or announces a description that is too long.

        """
        try:
            member = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if not buf.strip(b"\0"):
                raise  # This is how an archive ends.
            raise Unacceptable("is broken, or ends too early") from error
        if member.type in _DESCRIBING and member.size > _MAX_DESCRIPTION:
            raise Unacceptable("describes a file at too great a length")
        return member


class _Bounded(io.RawIOBase):
    """A stream that ends in a refusal rather than in a full memory."""

    def __init__(self, inner: IO[bytes], most: int) -> None:
        super().__init__()
        self._inner = inner
        self._left = most

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes.

        Raises:
            Unacceptable: there were too many in all.

        """
        content = self._inner.read(size)
        self._left -= len(content)
        if self._left < 0:
            raise Unacceptable("unpacks to more than may be read")
        return content

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into what is given, as `io.RawIOBase` has it."""
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)
