"""Files of a chart as helm packs it, read without unpacking anything to disk.

A packed chart comes from elsewhere, so reading it is bounded, and no path in it leads anywhere. It refuses
to judge the chart: helm does.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from typing import Final

from auditor.errors import ManifestError
from auditor.renderers.workspace import join

_MAX_FILE: Final = 8 * 2**20
_MAX_FILES: Final = 20_000


def packed_file(content: bytes, path: str) -> bytes | None:
    """Read a file by its path from the chart's folder; ``None`` where there is none.

    Raises:
        ManifestError: the archive cannot be read, or the file is too big.

    """
    wanted = join("", path)
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            return _find(archive, wanted)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise ManifestError(f"the chart's archive cannot be read: {error}.") from error


def _find(archive: tarfile.TarFile, wanted: str) -> bytes | None:
    for number, member in enumerate(archive):
        if number >= _MAX_FILES:
            raise ManifestError(f"the chart holds more than {_MAX_FILES:,} files.")
        if member.isfile() and join("", member.name.partition("/")[2]) == wanted:
            if member.size > _MAX_FILE:
                raise ManifestError(
                    f"{wanted} of the chart is larger than {_MAX_FILE // 2**20} MiB."
                )
            opened = archive.extractfile(member)
            return opened.read() if opened else None
    return None
