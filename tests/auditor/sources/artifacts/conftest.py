"""A real registry, a path of it for every test, and what reads it."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from auditor.ports import Repository
from auditor.sources.artifacts.channel import Server
from auditor.sources.artifacts.opening import open_artifact
from auditor.sources.artifacts.registry import Artifact
from tests.artifacts import Pushing, ScriptedArtifact
from tests.doubles import FakeClock
from tests.stack.fixtures import object_store, private_registry, registry, workspace
from tests.stack.registry import Registry

__all__ = ["object_store", "private_registry", "registry", "workspace"]


@pytest.fixture
def pushing(registry: Registry) -> Pushing:
    """A path of the registry that nobody else uses."""
    return Pushing(registry, f"apps/{uuid.uuid4().hex}")


@pytest.fixture
def upstream(pushing: Pushing) -> ScriptedArtifact:
    """An artifact that is not pushed yet."""
    return ScriptedArtifact(pushing)


@pytest.fixture
def artifact(pushing: Pushing) -> Artifact:
    """Where it is read from."""
    server = Server(host=pushing.registry.host, is_plain=True)
    return Artifact(server=server, path=pushing.path, ref="main")


@pytest.fixture
def repository(artifact: Artifact, tmp_path: Path) -> Repository:
    """What reads it, with a shelf of its own."""
    clock = FakeClock()
    clock.advance(3600)
    return open_artifact("apps", artifact, shelves=tmp_path / "shelves", now=clock.now)
