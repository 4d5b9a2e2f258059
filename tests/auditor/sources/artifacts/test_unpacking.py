"""An archive that nobody vouches for costs bounded time and memory, and leads nowhere."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
from collections.abc import Iterable, Mapping

import pytest

from auditor.errors import SourceUnavailable
from auditor.sources.artifacts.unpacking import Bounds, unpacked
from tests.artifacts import archive, member
from tests.git_repositories import File

SMALL = Bounds(unpacked=2**20, files=10)


def read(content: bytes, *, bounds: Bounds = SMALL, links: bool = False) -> dict[str, bytes]:
    """Every file of an archive, and every link with what it holds."""
    entries = unpacked(io.BytesIO(content), bounds=bounds, links=links)
    return {entry.path: entry.content.read() for entry in entries}


def refused(content: bytes, *, bounds: Bounds = SMALL) -> str:
    """Why an archive is not unpacked."""
    with pytest.raises(SourceUnavailable) as error:
        read(content, bounds=bounds)
    return str(error.value)


def holding(*others: tarfile.TarInfo, files: Mapping[str, File] | None = None) -> bytes:
    """An archive of what no tool puts there."""
    return archive(files or {}, others)


@pytest.mark.parametrize("packed", [True, False])
def test_files_are_read_packed_or_not(*, packed: bool) -> None:
    """By their paths from the root, whether that is written or not."""
    content = archive({"./a.yaml": "1", "b/c.yaml": "2"}, packed=packed)
    assert read(content) == {"a.yaml": b"1", "b/c.yaml": b"2"}


def test_folders_are_no_files() -> None:
    """Neither is the root, which tar names too."""
    folders = [member("./", kind=tarfile.DIRTYPE), member("a", kind=tarfile.DIRTYPE)]
    assert read(holding(*folders)) == {}


@pytest.mark.parametrize("path", ["/etc/passwd", "../a", "a/../../b", "a\\b", "a\nb"])
def test_a_path_that_leads_out_refuses_the_archive(path: str) -> None:
    """Nothing of such an archive is believed."""
    assert "which no tree may have" in refused(archive({path: "x"}))


def test_folders_without_end_refuse_the_archive() -> None:
    """Writing them down would have no end either."""
    assert "more than 64 deep" in refused(archive({"a/" * 65 + "b": "x"}))


@pytest.mark.parametrize(
    "kind", [tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_what_is_no_file_refuses_the_archive(kind: bytes) -> None:
    """Devices, pipes and hard links have no place in what is declared."""
    assert "neither a file nor a folder" in refused(holding(member("a", kind=kind, target="b")))


def test_links_are_left_out_or_handed_on() -> None:
    """As text, which whoever reads the tree judges: it never leaves it."""
    content = holding(member("a", kind=tarfile.SYMTYPE, target="/etc/passwd"))

    assert read(content) == {}
    assert read(content, links=True) == {"a": b"/etc/passwd"}


def test_the_folder_of_git_itself_is_left_out() -> None:
    """Git refuses to keep a file in such a folder."""
    assert read(archive({".git/config": "x", "a/.git/hooks/b": "x", ".gitignore": "x"})) == {
        ".gitignore": b"x"
    }


def test_too_many_files_refuse_the_archive() -> None:
    """Folders and links count as well."""
    many: Iterable[tarfile.TarInfo] = (member(f"d{n}", kind=tarfile.DIRTYPE) for n in range(11))
    assert refused(holding(*many)) == "the archive holds more than 10 files."


def test_what_blows_up_is_not_unpacked() -> None:
    """A thousand times its size: it ends at the bound, not at the end."""
    bomb = archive({"a.yaml": b"\0" * 2**21})
    assert len(bomb) < 10_000
    assert refused(bomb) == "the archive unpacks to more than 1 MiB."


def test_padding_that_blows_up_is_not_unpacked() -> None:
    """Also where no file has it."""
    plain = archive({}, packed=False)
    bomb = gzip.compress(b"\0" * 1024 + plain + b"\0" * 2**24)
    assert read(bomb) == {}


def test_a_file_with_holes_refuses_the_archive() -> None:
    """It would claim any size at no cost."""
    hollow = member("a", kind=tarfile.GNUTYPE_SPARSE)
    assert "neither a file nor a folder" in refused(holding(hollow))


def test_an_endless_description_refuses_the_archive() -> None:
    """Tarfile would read it into memory whatever its size."""
    described = member("a" * 2**17)
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.GNU_FORMAT) as opened:
        opened.addfile(described)
    assert "too great a length" in refused(made.getvalue())


@pytest.mark.parametrize("content", [b"", b"\x1f\x8bnothing", b"no archive at all" * 100])
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    """An error, never an empty tree."""
    assert re.match("the archive (cannot be read|is broken)", refused(content))


@pytest.mark.parametrize("kept", [500, 700, 1600, 2000])
def test_a_cut_archive_is_refused(kept: int) -> None:
    """Half of the files are not the files, wherever it is cut."""
    plain = archive({f"{n}.yaml": f"{n}" * 1000 for n in range(5)}, packed=False)

    refused(plain[:kept])
    refused(gzip.compress(plain)[: 100 + kept // 100])


def test_a_broken_archive_is_refused() -> None:
    """What comes after a header that cannot be read may have been a file."""
    plain = bytearray(archive({f"{n}.yaml": f"{n}" * 1000 for n in range(5)}, packed=False))
    plain[1536 + 100] ^= 0xFF
    assert refused(bytes(plain)) == "the archive is broken, or ends too early."
