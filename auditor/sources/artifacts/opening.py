"""From what is configured to a repository: an artifact or a bucket, with its shelf in the cache folder.

It refuses to reach out: that is for looking.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from auditor.sources.artifacts.bucket import Bucket, Place
from auditor.sources.artifacts.registry import Artifact, RegistryArtifact
from auditor.sources.artifacts.repository import FetchedRepository
from auditor.sources.git.shelf import Shelf


def open_artifact(
    name: str, artifact: Artifact, *, shelves: Path, now: Callable[[], datetime]
) -> FetchedRepository:
    """Open an artifact; all its tags share one shelf below a folder."""
    shelf = _shelf(str(artifact), shelves, name)
    return FetchedRepository(name, RegistryArtifact(artifact, now=now), shelf)


def open_bucket(
    name: str, place: Place, *, shelves: Path, now: Callable[[], datetime]
) -> FetchedRepository:
    """Open a bucket, or a folder of one.

    Raises:
        ConfigError: the library that speaks to buckets is not installed.

    """
    return FetchedRepository(name, Bucket(place, now=now), _shelf(str(place), shelves, name))


def _shelf(place: str, shelves: Path, name: str) -> Shelf:
    key = hashlib.sha256(place.encode()).hexdigest()[:32]
    return Shelf(shelves / f"{key}.git", name=name)
