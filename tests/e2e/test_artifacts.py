"""What is declared in artifacts of a registry is audited like what is declared in Git."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from auditor.app.render import render_all
from auditor.app.scan import scan
from auditor.config.loading import parse
from auditor.domain.identity import ObjectRef
from auditor.state.rendered import RenderedTree
from tests.artifacts import CHART, PLAIN, Pushing, ScriptedArtifact
from tests.auditor.renderers.chart_server import pack
from tests.buckets import ScriptedBucket
from tests.builders import CLUSTER, obj
from tests.doubles import START
from tests.git_repositories import ScriptedRepository
from tests.stack.control_plane import ControlPlane
from tests.stack.object_store import ACCESS_KEY, SECRET_KEY, ObjectStore
from tests.stack.registry import PASSWORD, USER, Registry

pytestmark = pytest.mark.e2e

KUSTOMIZE_GROUP = "kustomize.toolkit.fluxcd.io"
KUSTOMIZE = f"{KUSTOMIZE_GROUP}/v1"
SOURCE = "source.toolkit.fluxcd.io/v1"


def flux(url: str, **spec: Any) -> dict[str, Any]:
    """The files of a repository: a Kustomization of an artifact."""
    named = {"kind": "OCIRepository", "name": "apps"}
    owner = obj(
        KUSTOMIZE,
        "Kustomization",
        "apps",
        "flux-system",
        spec={"sourceRef": named, "path": "./prod"},
    )
    found = obj(SOURCE, "OCIRepository", "apps", "flux-system", spec={"url": url, **spec})
    return {"apps.yaml": owner, "source.yaml": found}


def configured(
    git: ScriptedRepository, *artifacts: dict[str, Any], cache: Path, **more: Any
) -> Any:
    """A configuration of one repository of Git, and artifacts beside it."""
    document = {
        "apiVersion": "auditor/v1",
        "clusters": [{"name": CLUSTER, "inCluster": True}],
        "repositories": [{"name": "fleet", "url": str(git.folder), "ref": "main"}, *artifacts],
        "desired": [{"repository": "fleet", "cluster": CLUSTER, "discover": "all"}],
        "store": {"path": str(cache / "ledger.db"), "cache": str(cache)},
        **more,
    }
    return parse(json.dumps(document), name="auditor.yaml", folder=cache)


@pytest.fixture
def git(tmp_path: Path) -> ScriptedRepository:
    return ScriptedRepository(tmp_path / "fleet.git")


@pytest.fixture
def artifact(registry: Registry) -> ScriptedArtifact:
    return ScriptedArtifact(Pushing(registry, f"apps/{uuid.uuid4().hex}"), tag="latest")


def origin(tree: RenderedTree, name: str) -> tuple[str, str, str]:
    """Where an object is declared."""
    ref = ObjectRef(CLUSTER, "", "ConfigMap", "shop", name)
    found = next(manifest for manifest in tree.manifests if manifest.ref == ref)
    assert found.origin is not None
    return found.origin.repository, found.origin.revision, found.origin.path


@pytest.mark.usefixtures("rendering_programs")
async def test_a_kustomization_of_an_artifact_is_followed(
    git: ScriptedRepository, artifact: ScriptedArtifact, tmp_path: Path
) -> None:
    """Its objects are declared by the digest of the artifact, with the path in it."""
    digest = artifact.commit({"prod/web.yaml": obj("v1", "ConfigMap", "web", "shop")})
    git.commit(flux(artifact.pushing.url))
    choice = {"name": "apps", "url": artifact.pushing.url, "insecure": True}

    tree = await render_all(configured(git, choice, cache=tmp_path / "cache"))

    assert tree.unknown == {}
    assert origin(tree, "web") == ("apps", digest, "prod/web.yaml")


@pytest.mark.usefixtures("rendering_programs")
@pytest.mark.parametrize("ref", [{"tag": "stable"}, {"semver": "1.x"}])
async def test_an_owner_is_followed_at_the_tag_that_it_asks_for(
    git: ScriptedRepository, artifact: ScriptedArtifact, tmp_path: Path, ref: dict[str, str]
) -> None:
    """That the artifact is configured is enough; the tag that is followed by default may not be there."""
    artifact.tag = "1.2.3"
    digest = artifact.commit({"prod/web.yaml": obj("v1", "ConfigMap", "web", "shop")})
    artifact.pushing.point("stable", digest)
    git.commit(flux(artifact.pushing.url, ref=ref))
    choice = {"name": "apps", "url": artifact.pushing.url, "insecure": True}

    tree = await render_all(configured(git, choice, cache=tmp_path / "cache"))

    assert tree.unknown == {}
    assert origin(tree, "web") == ("apps", digest, "prod/web.yaml")


async def test_an_artifact_that_is_not_configured_is_a_dead_end(
    git: ScriptedRepository, artifact: ScriptedArtifact, tmp_path: Path
) -> None:
    """Nobody connects to an address because it stands in a manifest."""
    git.commit(flux(artifact.pushing.url))

    tree = await render_all(configured(git, cache=tmp_path / "cache"))

    assert tree.unknown == {
        ObjectRef(CLUSTER, "kustomize.toolkit.fluxcd.io", "Kustomization", "flux-system", "apps"): (
            f"{artifact.pushing.url} is not one of the repositories; add it with its url",
        )
    }


@pytest.mark.usefixtures("rendering_programs")
async def test_a_private_registry_is_told_who_asks(
    git: ScriptedRepository,
    private_registry: Registry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By user and password, both given by reference."""
    artifact = ScriptedArtifact(Pushing(private_registry, "apps"), tag="latest")
    digest = artifact.commit({"prod/web.yaml": obj("v1", "ConfigMap", "web", "shop")})
    git.commit(flux(artifact.pushing.url))
    monkeypatch.setenv("REGISTRY_USER", USER)
    monkeypatch.setenv("REGISTRY_PASSWORD", PASSWORD)
    login = {"usernameFrom": "env:REGISTRY_USER", "tokenFrom": "env:REGISTRY_PASSWORD"}
    choice = {"name": "apps", "url": artifact.pushing.url, "insecure": True, "credentials": login}

    tree = await render_all(configured(git, choice, cache=tmp_path / "cache"))

    assert origin(tree, "web") == ("apps", digest, "prod/web.yaml")


def argocd(url: str, **source: Any) -> dict[str, Any]:
    """The files of a repository: an Application of an artifact."""
    found = {"repoURL": url, "path": ".", "targetRevision": "latest", **source}
    spec = {
        "project": "default",
        "source": found,
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
    }
    return {"app.yaml": obj("argoproj.io/v1alpha1", "Application", "web", "argocd", spec=spec)}


@pytest.mark.usefixtures("rendering_programs")
@pytest.mark.parametrize("path", [".", "prod"])
async def test_an_application_of_an_artifact_is_followed(
    git: ScriptedRepository, artifact: ScriptedArtifact, tmp_path: Path, path: str
) -> None:
    """At its root or below; what ORAS pushes as well."""
    artifact.kind = PLAIN
    file = f"{path}/web.yaml".removeprefix("./")
    digest = artifact.commit({file: obj("v1", "ConfigMap", "web")})
    git.commit(argocd(artifact.pushing.url, path=path))
    choice = {"name": "apps", "url": artifact.pushing.url, "insecure": True}

    tree = await render_all(configured(git, choice, cache=tmp_path / "cache"))

    assert tree.unknown == {}
    assert origin(tree, "web") == ("apps", digest, file)


@pytest.mark.usefixtures("rendering_programs")
async def test_a_chart_in_a_registry_may_be_configured_as_an_artifact(
    git: ScriptedRepository, artifact: ScriptedArtifact, tmp_path: Path
) -> None:
    """It is rendered as a chart then, with the values of the Application."""
    artifact.kind, artifact.tag = CHART, "1.2.3"
    template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.name }}}\n"
    about = "apiVersion: v2\nname: web\nversion: 1.2.3\n"
    artifact.commit({"web/Chart.yaml": about, "web/templates/a.yaml": template})
    helm = {"valuesObject": {"name": "web"}}
    git.commit(argocd(artifact.pushing.url, targetRevision="1.2.3", helm=helm))
    choice = {"name": "apps", "url": artifact.pushing.url, "ref": "1.2.3", "insecure": True}

    tree = await render_all(configured(git, choice, cache=tmp_path / "cache"))

    assert tree.unknown == {}
    assert origin(tree, "web")[2] == "templates/a.yaml"


@pytest.mark.usefixtures("rendering_programs")
async def test_a_chart_of_a_private_registry_is_fetched(
    git: ScriptedRepository,
    private_registry: Registry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With what is configured for the registry; without it, that is told, and no secret is."""
    about = b'{"name":"web","version":"1.0.0","apiVersion":"v2"}'
    Pushing(private_registry, "charts/web").push(
        [(CHART, pack("web", "1.0.0"))],
        tag="1.0.0",
        config=("application/vnd.cncf.helm.config.v1+json", about),
    )
    monkeypatch.setenv("REGISTRY_PASSWORD", PASSWORD)
    source = {"kind": "HelmRepository", "name": "charts", "namespace": "flux-system"}
    chart = {"spec": {"chart": "web", "version": "1.0.0", "sourceRef": source}}
    helm_release = "helm.toolkit.fluxcd.io/v2"
    url = f"oci://{private_registry.host}/charts"
    spec = {"type": "oci", "url": url, "insecure": True}
    git.commit(
        {
            "web.yaml": obj(helm_release, "HelmRelease", "web", "shop", spec={"chart": chart}),
            "charts.yaml": obj(SOURCE, "HelmRepository", "charts", "flux-system", spec=spec),
        }
    )
    login = {"username": USER, "tokenFrom": "env:REGISTRY_PASSWORD"}
    known = {"url": url, "insecure": True}

    blind = await render_all(
        configured(git, cache=tmp_path / "1", charts={"repositories": [known]})
    )
    known["credentials"] = login
    tree = await render_all(configured(git, cache=tmp_path / "2", charts={"repositories": [known]}))

    (failed,) = [root.failure for root in blind.roots if root.failure]
    assert "Check the credentials in charts.repositories" in failed
    assert PASSWORD not in failed
    assert [root.failure for root in tree.roots] == ["", ""]
    assert ObjectRef(CLUSTER, "", "ConfigMap", "shop", "web-settings") in {
        manifest.ref for manifest in tree.manifests
    }


@pytest.mark.usefixtures("rendering_programs")
async def test_a_kustomization_of_a_bucket_is_followed(
    git: ScriptedRepository,
    object_store: ObjectStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By its endpoint and name; a folder of it is configured apart."""
    bucket = ScriptedBucket(object_store, "shop")
    digest = bucket.commit({"prod/web.yaml": obj("v1", "ConfigMap", "web", "shop"), "x/y": "1"})
    monkeypatch.setenv("BUCKET_KEY", SECRET_KEY)
    named = {"kind": "Bucket", "name": "apps"}
    owner = {"sourceRef": named, "path": "./prod"}
    found = {"endpoint": object_store.host, "bucketName": "shop", "insecure": True}
    git.commit(
        {
            "apps.yaml": obj(KUSTOMIZE, "Kustomization", "apps", "flux-system", spec=owner),
            "source.yaml": obj(SOURCE, "Bucket", "apps", "flux-system", spec=found),
        }
    )
    login = {"username": ACCESS_KEY, "tokenFrom": "env:BUCKET_KEY"}
    choice = {"name": "apps", "url": bucket.url, "insecure": True, "credentials": login}
    narrow = choice | {"url": f"{bucket.url}/prod/"}

    tree = await render_all(configured(git, choice, cache=tmp_path / "1"))
    other = await render_all(configured(git, narrow, cache=tmp_path / "2"))

    assert tree.unknown == {}
    assert origin(tree, "web") == ("apps", digest, "prod/web.yaml")
    ((reason,),) = other.unknown.values()
    assert reason == f"{bucket.url} is not one of the repositories; add it with its url"


@pytest.mark.usefixtures("rendering_programs")
async def test_a_chart_at_a_digest_is_read_as_an_artifact(
    git: ScriptedRepository, artifact: ScriptedArtifact, tmp_path: Path
) -> None:
    """By a version it could not be asked for."""
    digest = artifact.pushing.push([(CHART, pack("web", "1.0.0"))], tag="1.0.0")
    chart = {"kind": "OCIRepository", "name": "web"}
    found = {"url": artifact.pushing.url, "ref": {"digest": digest}}
    api = "helm.toolkit.fluxcd.io/v2"
    git.commit(
        {
            "web.yaml": obj(api, "HelmRelease", "web", "shop", spec={"chartRef": chart}),
            "source.yaml": obj(SOURCE, "OCIRepository", "web", "shop", spec=found),
        }
    )
    url = artifact.pushing.url
    choice = {"name": "web", "url": url, "ref": digest, "insecure": True}

    tree = await render_all(configured(git, choice, cache=tmp_path))

    assert tree.unknown == {}
    assert origin(tree, "web-settings") == ("web", digest, "templates/settings.yaml")


def _drifted(plane: ControlPlane, declared: dict[str, Any]) -> None:
    """Apply an object as Flux does, and change it as somebody else."""
    namespace = declared["metadata"]["namespace"]
    labels = {f"{KUSTOMIZE_GROUP}/name": "apps", f"{KUSTOMIZE_GROUP}/namespace": "flux-system"}
    living = declared | {"metadata": declared["metadata"] | {"labels": labels}}
    plane.kubectl("create", "namespace", namespace)
    applying = ("apply", "--server-side", "--filename=-")
    plane.kubectl(*applying, "--field-manager=kustomize-controller", input=json.dumps(living))
    named = ("configmap", "web", f"--namespace={namespace}", "--field-manager=someone")
    plane.kubectl("patch", *named, '--patch={"data": {"mode": "wild"}}')


@pytest.mark.usefixtures("rendering_programs")
async def test_drift_from_an_artifact_names_the_one_that_declared_it(
    git: ScriptedRepository,
    artifact: ScriptedArtifact,
    control_plane: ControlPlane,
    tmp_path: Path,
) -> None:
    """On a real API server: by its digest and the moment when it was made, below its Kustomization."""
    namespace = f"shop-{uuid.uuid4().hex[:8]}"
    declared = obj("v1", "ConfigMap", "web", namespace, data={"mode": "calm"})
    git.commit(flux(artifact.pushing.url))
    choice = {"name": "apps", "url": artifact.pushing.url, "insecure": True}
    cluster = {"name": CLUSTER, "kubeconfig": str(control_plane.kubeconfig)}
    configuration = configured(git, choice, cache=tmp_path / "cache", clusters=[cluster])
    first = artifact.commit({"prod/web.yaml": declared})
    await scan(configuration)
    artifact.commit({"prod/other.yaml": obj("v1", "ConfigMap", "other", namespace)})
    _drifted(control_plane, declared)

    report = await scan(configuration)

    found = {one.finding.ref.name: one.finding for one in report.findings}
    changed = found["web"]
    assert found["other"].check == "K8S-001"
    assert [str(one.path) for one in changed.differences] == ["data.mode"]
    assert changed.origin is not None
    assert (changed.origin.repository, changed.origin.revision) == ("apps", first)
    assert (changed.origin.path, changed.origin.authored) == ("prod/web.yaml", START)
