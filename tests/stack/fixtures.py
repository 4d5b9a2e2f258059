"""The stack as pytest fixtures.

Each server is started by the first test that asks for it and ends with the run, even with
one that is killed. Nothing is built here: a missing program skips the test and says what
brings it, and under continuous integration (`CI=true`) it fails, because a green run that
ran nothing is worse than none. This module refuses to reset a server between tests: use a
namespace, a topic or a job of your own.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import pytest

from tests.stack import build, kafka_broker
from tests.stack import control_plane as kubernetes
from tests.stack import object_store as buckets
from tests.stack import prometheus as monitoring
from tests.stack import registry as artifacts
from tests.stack.control_plane import ControlPlane
from tests.stack.errors import MissingError
from tests.stack.kafka_broker import Kafka
from tests.stack.object_store import ObjectStore
from tests.stack.prometheus import Prometheus
from tests.stack.registry import Access, Registry
from tests.stack.workspace import Workspace


class LaunchControlPlane(Protocol):
    """What starts a further cluster."""

    def __call__(
        self,
        *,
        name: str = "kubernetes",
        flags: Sequence[str] = (),
        groups: Mapping[str, tuple[str, ...]] | None = None,
        controllers: bool = True,
    ) -> ControlPlane:
        """Start it as `ControlPlane.launch` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """All servers of one stack."""

    control_plane: ControlPlane
    kafka: Kafka
    prometheus: Prometheus


def require(programs: Sequence[str]) -> None:
    """Skip the test, or fail it under continuous integration, if a program is missing."""
    try:
        for program in programs:
            build.program(program)
    except MissingError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def workspace() -> Iterator[Workspace]:
    """The folder of this run's stack; everything in it ends with the run."""
    with Workspace.temporary() as opened:
        yield opened


@pytest.fixture(scope="session")
def control_plane(workspace: Workspace) -> ControlPlane:
    """A cluster without nodes, for the whole run."""
    require(kubernetes.PROGRAMS)
    return ControlPlane.launch(workspace)


@pytest.fixture
def launch_control_plane() -> Iterator[LaunchControlPlane]:
    """Start further clusters, with flags or users of their own; they end with the test."""
    require(kubernetes.PROGRAMS)
    with Workspace.temporary() as own:
        yield partial(ControlPlane.launch, own)


@pytest.fixture(scope="session")
def kafka(workspace: Workspace) -> Kafka:
    """A broker, for the whole run."""
    require(kafka_broker.PROGRAMS)
    return Kafka.launch(workspace)


@pytest.fixture(scope="session")
def prometheus(workspace: Workspace) -> Prometheus:
    """A Prometheus without targets, for the whole run."""
    require(monitoring.PROGRAMS)
    return Prometheus.launch(workspace)


@pytest.fixture(scope="session")
def registry(workspace: Workspace) -> Registry:
    """A registry of artifacts, for the whole run."""
    require(artifacts.PROGRAMS)
    return Registry.launch(workspace)


@pytest.fixture(scope="session")
def private_registry(workspace: Workspace) -> Registry:
    """A registry that asks for a user and a password, for the whole run."""
    require(artifacts.PROGRAMS)
    return Registry.launch(workspace, name="private-registry", access=Access(is_private=True))


@pytest.fixture(scope="session")
def object_store(workspace: Workspace) -> ObjectStore:
    """A store of buckets, for the whole run."""
    require(buckets.PROGRAMS)
    return ObjectStore.launch(workspace)


@pytest.fixture(scope="session")
def stack(control_plane: ControlPlane, kafka: Kafka, prometheus: Prometheus) -> Stack:
    """All three."""
    return Stack(control_plane=control_plane, kafka=kafka, prometheus=prometheus)


@pytest.fixture
def rendering_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put helm, kustomize and kubectl of the pinned versions first on PATH."""
    require(("helm", "kustomize", "kubectl"))
    monkeypatch.setenv("PATH", build.search_path())
