"""The example platform of Flux, on clusters as Flux leaves them.

The repository as ``flux bootstrap`` completes it, with a chart that is served here. What is applied comes
from kustomize and helm, carries Flux's labels and field managers, stands in Flux's inventories, and is
defined by Flux's own definitions. It refuses to run Flux.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import yaml

from tests.e2e.platform_world import (
    Body,
    LivingCluster,
    PlatformWorld,
    built,
    chart_repository,
    marked,
)
from tests.stack import build
from tests.stack.control_plane import ControlPlane

URL: Final = "https://github.com/fluxcd/flux2-kustomize-helm-example"
FLUX: Final = "kustomize.toolkit.fluxcd.io"
HELM: Final = "helm.toolkit.fluxcd.io"
CHART: Final = "6.9.0"
_SOURCES: Final = "source.toolkit.fluxcd.io"
_NEVER_BEHIND: Final = 99
"""As if a controller had acted on every generation that a story can lead to."""
_SYNC: Final = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec:
  interval: 1m0s
  ref: {branch: main}
  url: %(url)s
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec:
  interval: 1s
  path: ./clusters/%(cluster)s
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
"""
"""What ``flux bootstrap`` writes, looking oftener: https://fluxcd.io/flux/installation/bootstrap/."""
_PODINFO: Final[Mapping[str, str]] = {
    "Chart.yaml": f"apiVersion: v2\nname: podinfo\nversion: {CHART}\n",
    "values.yaml": "redis: {enabled: false, tag: none}\nhttpRoute: {hostnames: []}\n",
    "templates/web.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  selector: {matchLabels: {app: podinfo}}
  template:
    metadata: {labels: {app: podinfo}}
    spec:
      containers:
        - name: podinfo
          image: podinfo:{{ .Chart.Version }}
          env:
            - {name: HOST, value: {{ index .Values.httpRoute.hostnames 0 | quote }}}
            - {name: REDIS, value: {{ .Values.redis.tag | quote }}}
""",
}
_FOREIGN: Final = ("cert-manager.io", "gateway.networking.k8s.io")
"""Groups of kinds that these clusters do not have."""


class FluxWorld(PlatformWorld):
    """The repository, and for each of its clusters that is asked for one that lives."""

    def __init__(
        self,
        folder: Path,
        clusters: Mapping[str, ControlPlane],
        charts: str,
        more: Sequence[Body] = (),
    ) -> None:
        self._charts = charts
        super().__init__(
            folder,
            clusters,
            repositories={"aliases": [URL]},
            desired=[*map(_root, clusters), *more],
            charts={"allow": ["http://127.0.0.1:*"]},
            rules={"lagging": {"after": "0s"}},
        )

    def lay_out(self, example: Path) -> None:
        """Write the repository. Flux looks every second, so that nothing waits for an hour."""
        self.copy(example)
        self.replace("apps/base/podinfo/repository.yaml", _UPSTREAM, self._charts)
        self.replace("apps/base/podinfo/release.yaml", "interval: 50m", "interval: 1s")
        for name in self.clusters:
            folder = f"clusters/{name}"
            self.replace(f"{folder}/apps.yaml", "interval: 1h", "interval: 1s")
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _SYSTEM}}
            self.git.write(f"{folder}/flux-system/gotk-components.yaml", [namespace])
            text = _SYNC % {"url": URL, "cluster": name}
            self.git.write(f"{folder}/flux-system/gotk-sync.yaml", text)
        self.git.commit("Bootstrap")

    def install(self, name: str) -> None:
        """Define Flux's kinds on a cluster."""
        self.clusters[name].define(build.program("flux-definitions").glob("*.yaml"))

    def reconcile(self, name: str, *, apps: str = "") -> None:
        """Bring a cluster to what the repository declares for it, from the top down.

        ``apps`` is the folder of its apps, where that is called otherwise than the cluster.
        """
        cluster, apps = self.clusters[name], f"apps/{apps or name}"
        statuses: dict[str, Body] = {}
        for owner, path in {**_paths(name), "apps": apps}.items():
            bodies = self._reconcile_kustomization(cluster, owner, path)
            statuses |= {_id(body): _ready(body) for body in bodies if _is_of_flux(body)}
            kustomization = _ready(_kustomization(owner))
            kustomization["status"] |= _inventory(bodies)
            statuses[_id(kustomization)] = kustomization
        self._reconcile_release(cluster, apps)
        cluster.apply_status(statuses.values(), "controller")

    def _reconcile_kustomization(self, cluster: LivingCluster, owner: str, path: str) -> list[Body]:
        marks = {f"{FLUX}/name": owner, f"{FLUX}/namespace": _SYSTEM}
        printed = built("kustomize", "build", str(self._kustomized(path)))
        known = [body for body in printed if not body["apiVersion"].startswith(_FOREIGN)]
        bodies = marked(known, "labels", marks)
        cluster.apply(bodies, "kustomize-controller")
        return bodies

    def _kustomized(self, path: str) -> Path:
        """The folder of a path, with the kustomization that Flux generates where there is none.

        https://fluxcd.io/flux/components/kustomize/kustomizations/#generating-a-kustomizationyaml-file
        """
        folder = self.git.folder / path
        if (folder / "kustomization.yaml").exists():
            return folder
        copy = self.folder / "generated" / path
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        files = (file.name for file in copy.glob("*.yaml"))
        folders = (file.parent.name for file in copy.glob("*/kustomization.yaml"))
        resources = {"resources": sorted((*files, *folders))}
        (copy / "kustomization.yaml").write_text(yaml.safe_dump(resources))
        return copy

    def _reconcile_release(self, cluster: LivingCluster, path: str) -> None:
        overlay = built("kustomize", "build", str(self.git.folder / path))
        release = next(body for body in overlay if body["kind"] == "HelmRelease")
        values = self.folder / "values.yaml"
        values.write_text(yaml.safe_dump(release["spec"]["values"]))
        printed = built(
            *("helm", "template", "podinfo", "podinfo", f"--repo={self._charts}"),
            *("--namespace=podinfo", f"--values={values}"),
        )
        marks = {f"{HELM}/name": "podinfo", f"{HELM}/namespace": "podinfo"}
        placed = [one | {"metadata": one["metadata"] | {"namespace": "podinfo"}} for one in printed]
        cluster.apply(marked(placed, "labels", marks), "helm-controller")


@contextmanager
def flux_world(
    folder: Path,
    example: Path,
    clusters: Mapping[str, ControlPlane],
    more: Sequence[Body] = (),
) -> Iterator[FluxWorld]:
    """The platform, reconciled on all of these clusters; ``more`` is declared besides."""
    with chart_repository(folder, _PODINFO) as charts:
        world = FluxWorld(folder, clusters, charts, more)
        world.lay_out(example)
        for name in clusters:
            world.install(name)
            world.reconcile(name)
        yield world


def owners(*names: str) -> tuple[str, ...]:
    """A chain of owners: Kustomizations, and the release ``podinfo`` where it is named."""
    release = f"{HELM}/HelmRelease/podinfo/podinfo"
    return tuple(
        release if n == "podinfo" else f"{FLUX}/Kustomization/{_SYSTEM}/{n}" for n in names
    )


_UPSTREAM: Final = "https://stefanprodan.github.io/podinfo"
_SYSTEM: Final = "flux-system"


def _root(cluster: str) -> Body:
    path = f"clusters/{cluster}"
    return {"repository": "platform", "path": path, "cluster": cluster, "discover": "flux"}


def _paths(cluster: str) -> dict[str, str]:
    """What each Kustomization applies, the ones above first."""
    return {
        _SYSTEM: f"clusters/{cluster}",
        "infra-controllers": "infrastructure/controllers",
        "infra-configs": "infrastructure/configs",
    }


def _kustomization(name: str) -> Body:
    metadata = {"name": name, "namespace": _SYSTEM}
    return {"apiVersion": f"{FLUX}/v1", "kind": "Kustomization", "metadata": metadata}


def _is_of_flux(body: Body) -> bool:
    return str(body["apiVersion"]).partition("/")[0].endswith(".toolkit.fluxcd.io")


def _ready(body: Body) -> Body:
    """The status of an object that was reconciled, and what it takes to say whose status that is."""
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "ReconciliationSucceeded",
        "message": "Applied",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    named = {field: body["metadata"][field] for field in ("name", "namespace")}
    status = {"observedGeneration": _NEVER_BEHIND, "conditions": [condition]}
    head = {"apiVersion": body["apiVersion"], "kind": body["kind"]}
    return head | {"metadata": named, "status": status}


def _inventory(bodies: Iterable[Body]) -> Body:
    """https://fluxcd.io/flux/components/kustomize/kustomizations/#inventory."""
    entries = [{"id": _id(body), "v": body["apiVersion"].rpartition("/")[2]} for body in bodies]
    return {"inventory": {"entries": entries}}


def _id(body: Body) -> str:
    metadata, group = body["metadata"], body["apiVersion"].rpartition("/")[0]
    return "_".join((metadata.get("namespace", ""), metadata["name"], group, body["kind"]))
