"""What trees leave out, and the words that say why."""

from __future__ import annotations

from typing import Final

from auditor.ports import Skipped

MAX_FILE: Final = 8 * 2**20
"""So many bytes of a file are read. Larger files are no manifests: etcd takes 1.5 MiB an object."""

SUBMODULE: Final = "is a submodule, which is not followed: list it under repositories"
LEAVES: Final = "is a link that leaves the repository: copy the file, or link inside"
DANGLES: Final = "is a link to nothing: correct or remove it"
TO_FOLDER: Final = (
    "is a link to a folder, which is not followed, as kubectl does not: name the folder itself"
)
NO_FILE: Final = "is no regular file: remove it"


def leave_out(path: str, reason: str) -> Skipped:
    """Say why a path is left out."""
    return Skipped(path=path, line=None, reason=reason)


def too_big(size: int, limit: int) -> str:
    """Say that a file is larger than what is read."""
    return f"is larger than {limit:,} bytes ({size:,}) and not read: split it"
