"""From what is configured to a repository: an artifact of a registry, with its shelf in the cache folder.

It refuses to reach out: that is for looking.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from auditor.sources.artifacts.registry import Artifact, RegistryArtifact
from auditor.sources.artifacts.repository import FetchedRepository
from auditor.sources.git.shelf import Shelf


def open_artifact(
    name: str, artifact: Artifact, *, shelves: Path, now: Callable[[], datetime]
) -> FetchedRepository:
    """Open an artifact; all its tags share one shelf below a folder."""
    key = hashlib.sha256(str(artifact).encode()).hexdigest()[:32]
    return FetchedRepository(
        name,
        RegistryArtifact(artifact, now=now),
        Shelf(shelves / f"{key}.git", name=name),
    )
