"""A session in which owners are followed is recorded, and found again in every replay.

Flux and Argo CD stand beside each other; a replay has neither cluster, nor repository, nor programs.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from auditor.recording.frames import Head, Rendered
from tests.e2e.argocd_world import chain, delete, name_of
from tests.e2e.both_world import CLUSTER, both_world
from tests.e2e.flux_world import HELM, FluxWorld, owners
from tests.e2e.platform_world import Told, told
from tests.e2e.recorder import RecorderProcess, replayed
from tests.e2e.story import kind_of, wait_until
from tests.stack.fixtures import LaunchControlPlane, require

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.corpora,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("rendering_programs"),
]

_RELEASE = "HelmRelease/podinfo/podinfo"

_LOOKS = 10

Found = partial(Told, CLUSTER)


@pytest.fixture
def world(
    corpora: Path, tmp_path: Path, launch_control_plane: LaunchControlPlane
) -> Iterator[FluxWorld]:
    """Everything in sync."""
    require(("flux-definitions",))
    with both_world(tmp_path, corpora, launch_control_plane(controllers=False)) as opened:
        yield opened


@pytest.fixture
def recorder(world: FluxWorld) -> Iterator[RecorderProcess]:
    """A recorder that has seen all of it."""
    process = RecorderProcess(world.folder)
    process.begin(world.configuration())
    for text in (b'"uat-settings"', b'"podinfo:6.9.0"', b'"infra-controllers"'):
        process.wait_for_change(text)
    for root in (_RELEASE, "ApplicationSet/argocd/sets"):
        process.wait_for(partial(_is_rendering_of, f"{CLUSTER}/{root}", ""))
    yield process
    process.end(signal.SIGKILL)


def _is_rendering_of(root: str, text: str, frame: object) -> bool:
    return isinstance(frame, Rendered) and frame.root == root and text in str(frame.objects)


def _was_looked_at_often(recorder: RecorderProcess, commit: str) -> bool:
    """Tell whether the owners' interval has gone by, and more: Git is looked at every half second."""
    heads = [one for one in recorder.frames() if isinstance(one, Head) and one.commit == commit]
    return len(heads) > _LOOKS


def test_a_session_with_owners_is_found_again(world: FluxWorld, recorder: RecorderProcess) -> None:
    """Deeds in the cluster and in Git, below owners of both tools: the same findings twice."""
    web = ("deployment/podinfo", "--namespace=podinfo", "podinfo=podinfo:evil")
    world.cluster.kubectl("set", "image", *web, "--field-manager=someone")
    recorder.wait_for_change(b"podinfo:evil")
    delete(world.cluster, "uat-settings")
    recorder.wait_for_change(b'"DELETED"')
    world.replace("apps/staging/podinfo-values.yaml", "podinfo.staging", "wrong.example.com")
    commit = world.git.commit()
    recorder.wait_for(lambda frame: isinstance(frame, Head) and frame.commit == commit)
    recorder.wait_for(partial(_is_rendering_of, f"{CLUSTER}/{_RELEASE}", "wrong.example.com"))
    wait_until(partial(_was_looked_at_often, recorder, commit), what="time for what lags")
    recorder.end()

    first, events = replayed(recorder.file, problems=True)
    second, _ = replayed(recorder.file, problems=True)

    assert first == second
    above, web_object = owners("flux-system", "apps"), "apps/Deployment/podinfo/podinfo"
    opened = [event["data"] for event in events if kind_of(event) == "opened"]
    assert told(opened) == {
        Found("K8S-002", "changed", web_object, (*above, *owners("podinfo")), CLUSTER),
        Found(
            *("APPSET-001", "missing", name_of("Application", "uat-settings")),
            chain(generator="sets"),
            "uat",
        ),
        Found("K8S-006", "lagging", f"{HELM}/HelmRelease/podinfo/podinfo", above, CLUSTER),
        Found("K8S-006", "lagging", web_object, (*above, *owners("podinfo")), CLUSTER),
    }
