"""What happens to owners while the worker runs, and while it does not: told once, below the right owners.

The worker runs as a user runs it, on a cluster with Flux and Argo CD beside each other; both are played.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.argocd_world import chain, delete, name_of
from tests.e2e.both_world import CLUSTER, SHOP, both_world, sync
from tests.e2e.flux_world import FLUX, HELM, FluxWorld, owners
from tests.e2e.platform_world import Body, Told, told
from tests.e2e.story import WorkerProcess, kind_of, wait_until, worker
from tests.stack.fixtures import LaunchControlPlane, require

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.corpora,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("rendering_programs"),
]

_APPS_FILE = f"clusters/{CLUSTER}/apps.yaml"
_ARTIFACTS = f"clusters/{CLUSTER}/artifacts.yaml"
_APPS = f"{FLUX}/Kustomization/flux-system/apps"
_RELEASE = f"{HELM}/HelmRelease/podinfo/podinfo"
_WEB = "apps/Deployment/podinfo/podinfo"
_SETTINGS = "ConfigMap/shop/shop"
_ABOVE = owners("flux-system")
_BELOW = owners("flux-system", "apps")
_LOWEST = owners("flux-system", "apps", "podinfo")

Found = partial(Told, CLUSTER)


class Story:
    """The world, the worker that looks at it, and what it has announced."""

    def __init__(self, world: FluxWorld, process: WorkerProcess) -> None:
        self.world = world
        self.worker = process

    def until(self, *expected: Told) -> list[Body]:
        """Wait until exactly this is open, and give it."""
        wanted = set(expected)
        try:
            return wait_until(lambda: self._open(wanted), within=60)[0]
        except AssertionError as error:
            error.add_note(f"open: {sorted(told(self.worker.findings()), key=str)}")
            error.add_note(f"log: {self.worker.log()[-3000:]}")
            raise

    def _open(self, wanted: set[Told]) -> list[list[Body]]:
        findings = self.worker.findings()
        return [findings] if told(findings) == wanted else []

    def announced(self) -> list[dict[str, Any]]:
        """Every transition so far, oldest first."""
        lines = (line for line in self.worker.log().splitlines() if '"specversion"' in line)
        return [json.loads(line) for line in lines]

    def kinds(self) -> Counter[tuple[str, str, str]]:
        """How often each object went through each transition, by check."""
        return Counter(
            (kind_of(one), one["data"]["check"], one["subject"]) for one in self.announced()
        )


@pytest.fixture
def story(
    corpora: Path, tmp_path: Path, launch_control_plane: LaunchControlPlane
) -> Iterator[Story]:
    """Everything in sync, and a worker that has seen it."""
    require(("flux-definitions",))
    with both_world(tmp_path, corpora, launch_control_plane(controllers=False)) as world:
        sinks = [{"name": "out", "type": "stdout"}]
        with worker(tmp_path / "worker", world.configuration() | {"sinks": sinks}) as process:
            process.start()
            yield Story(world, process)


def test_what_happens_to_owners_is_told_once(story: Story) -> None:
    """Exactly what is open after each deed; and over all of it, every finding opens and resolves once."""
    story.until()
    assert not story.announced()

    _suspended(story)
    _moved(story)
    _deleted_by_hand(story)
    _forgotten(story)

    kinds = story.kinds()
    assert {kind for kind, _, _ in kinds} == {"opened", "resolved"}
    assert set(kinds.values()) == {1}


def _suspended(story: Story) -> None:
    """Somebody suspends a Kustomization, and takes that back."""
    patch = partial(
        story.world.cluster.kubectl,
        *("patch", f"kustomizations.{FLUX}", "apps", "--namespace=flux-system", "--type=merge"),
    )
    patch('--patch={"spec": {"suspend": true}}', "--field-manager=someone")
    story.until(
        Found("K8S-002", "changed", _APPS, _ABOVE, CLUSTER),
        Found("FLUX-003", "unreconciled", _APPS, _ABOVE, CLUSTER),
    )

    patch('--patch={"spec": {"suspend": null}}', "--field-manager=someone")
    story.until()

    assert story.kinds()["opened", "FLUX-003", _APPS] == 1


def _moved(story: Story) -> None:
    """A path is moved in Git: the cluster is behind, down to what the release renders to."""
    git, before = story.world.git, "podinfo.staging"
    for name in ("kustomization.yaml", "podinfo-values.yaml"):
        text = (git.folder / "apps/staging" / name).read_text()
        git.write(f"apps/canary/{name}", text.replace(before, "podinfo.canary"))
    story.world.replace(_APPS_FILE, "path: ./staging", "path: ./canary")
    story.world.replace(_ARTIFACTS, "apps/staging/**", "apps/canary/**")
    story.world.replace(_ARTIFACTS, "@artifact/staging/", "@artifact/canary/")
    commit = git.commit("Move to the canary")

    artifacts = "source.extensions.fluxcd.io/ArtifactGenerator/flux-system/flux-system"
    findings = story.until(
        Found("K8S-006", "lagging", _APPS, _ABOVE, CLUSTER),
        Found("K8S-006", "lagging", artifacts, _ABOVE, CLUSTER),
        Found("K8S-006", "lagging", _RELEASE, _BELOW, CLUSTER),
        Found("K8S-006", "lagging", _WEB, _LOWEST, CLUSTER),
    )

    moved = [one for one in findings if one["object"]["namespace"] == "flux-system"]
    assert {one["source"]["revision"] for one in moved} == {commit}
    story.world.reconcile(CLUSTER, apps="canary")
    story.until()


def _deleted_by_hand(story: Story) -> None:
    """Somebody deletes an Application and one that is generated: they are missing, nothing below is."""
    delete(story.world.cluster, "shop")
    delete(story.world.cluster, "uat-settings")

    story.until(
        Found("K8S-001", "missing", name_of("Application", "shop")),
        Found(
            *("APPSET-001", "missing", name_of("Application", "uat-settings")),
            chain(generator="sets"),
            "uat",
        ),
    )

    sync(story.world)
    story.until()


def _forgotten(story: Story) -> None:
    """Git forgets a Kustomization and an Application; the worker restarts; then all is taken away."""
    git = story.world.git
    git.write(_APPS_FILE, "# gone\n")
    git.write(SHOP, "# gone\n")
    gone = git.commit("Forget the apps")
    left_over = [
        Found("K8S-003", "unmanaged", _APPS, _ABOVE, CLUSTER),
        Found("K8S-003", "unmanaged", "Namespace/podinfo", _BELOW, CLUSTER),
        Found(
            *("K8S-003", "unmanaged", "source.toolkit.fluxcd.io/HelmRepository/podinfo/podinfo"),
            *(_BELOW, CLUSTER),
        ),
        Found("K8S-003", "unmanaged", _RELEASE, _BELOW, CLUSTER),
        Found("K8S-003", "unmanaged", _WEB, _LOWEST, CLUSTER),
        Found("K8S-003", "unmanaged", name_of("Application", "shop")),
        Found("K8S-003", "unmanaged", _SETTINGS, chain("shop"), CLUSTER),
    ]
    findings = story.until(*left_over)
    for finding in findings:
        assert finding["source"]["path"]
        assert finding["source"]["revision"] not in {"", gone}

    announced = len(story.announced())
    story.worker.stop()
    story.worker.start()
    story.until(*left_over)
    assert len(story.announced()) == announced

    _prune(story.world)
    story.until()


def _prune(world: FluxWorld) -> None:
    """Take away what is left over, as the tools do in the end."""
    delete(world.cluster, "shop")
    kinds = "helmreleases,helmrepositories.source.toolkit.fluxcd.io,deployments"
    world.cluster.kubectl("delete", kinds, "--all", "--namespace=podinfo")
    world.cluster.kubectl("delete", "namespace/podinfo", "--wait=false")
    world.cluster.kubectl("delete", f"kustomizations.{FLUX}/apps", "--namespace=flux-system")
    world.cluster.kubectl("delete", "configmap/shop", "--namespace=shop")
