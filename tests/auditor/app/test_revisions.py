"""What a configuration leads to, where owners of every tool ask for revisions of one repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.app.render import Look, render, render_all
from auditor.config.loading import parse
from auditor.state.rendered import RenderedTree
from tests.builders import config_map, obj
from tests.git_repositories import ScriptedRepository
from tests.stack.fixtures import rendering_programs

__all__ = ["rendering_programs"]
pytestmark = pytest.mark.usefixtures("rendering_programs")

URL = "https://git.example.com/platform"
FLUX = "kustomize.toolkit.fluxcd.io/v1"
SOURCES = "source.toolkit.fluxcd.io/v1"


def versioned(version: str) -> dict[str, Any]:
    """Files of a release: two folders with a map each, that says which release it is of."""
    return {
        f"{folder}/map.yaml": config_map(folder.rpartition("/")[2], data={"version": version})
        for folder in ("apps/one", "apps/two", "infra")
    }


def flux(ref: dict[str, str]) -> dict[str, Any]:
    """A GitRepository at a reference, and a Kustomization of it."""
    spec = {"sourceRef": {"kind": "GitRepository", "name": "source"}, "path": "./infra"}
    return {
        "flux/source.yaml": obj(
            SOURCES, "GitRepository", "source", "flux-system", spec={"url": URL, "ref": ref}
        ),
        "flux/infra.yaml": obj(
            FLUX, "Kustomization", "infra", "flux-system", spec={**spec, "prune": True}
        ),
    }


def application_set(revision: str, target: str) -> dict[str, Any]:
    """A set that makes an Application of each folder that there is at a revision."""
    source = {"repoURL": URL, "path": "{{path}}", "targetRevision": target}
    template = {
        "metadata": {"name": "{{path.basename}}"},
        "spec": {
            "project": "default",
            "source": source,
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
        },
    }
    git = {"repoURL": URL, "revision": revision, "directories": [{"path": "apps/*"}]}
    spec = {"generators": [{"git": git}], "template": template}
    return obj("argoproj.io/v1alpha1", "ApplicationSet", "apps", "argocd", spec=spec)


def configured(folder: Path, upstream: ScriptedRepository, path: str) -> Any:
    """A configuration with the repository once."""
    document = {
        "apiVersion": "auditor/v1",
        "clusters": [{"name": "prod"}],
        "repositories": [{"name": "platform", "url": str(upstream.folder), "aliases": [URL]}],
        "desired": [{"repository": "platform", "path": path, "cluster": "prod", "discover": "all"}],
        "store": {"path": str(folder / "ledger.db"), "cache": str(folder / "cache")},
    }
    return parse(yaml.safe_dump(document), name="auditor.yaml", folder=folder)


def versions(tree: RenderedTree) -> dict[str, str]:
    """The release that every declared map is of, by its name."""
    maps = (each for each in tree.manifests if each.ref.kind == "ConfigMap")
    return {each.ref.name: each.body["data"]["version"] for each in maps}


@pytest.fixture
def upstream(tmp_path: Path) -> ScriptedRepository:
    """Two releases, and what is on main since."""
    repository = ScriptedRepository(tmp_path / "platform.git")
    repository.commit(versioned("1"))
    repository.tag("v1.0.0")
    repository.commit(versioned("2") | {"apps/three/map.yaml": config_map("three")})
    repository.tag("v1.1.0", message="annotated")
    repository.branch("stable")
    return repository


@pytest.mark.parametrize(
    ("ref", "version"),
    [
        ({"tag": "v1.0.0"}, "1"),
        ({"semver": "1.x"}, "2"),
        ({"semver": "~1.0.0"}, "1"),
        ({"branch": "stable"}, "2"),
        ({"branch": "main"}, "3"),
        ({"name": "refs/tags/v1.0.0"}, "1"),
    ],
)
async def test_a_git_repository_of_flux_is_read_at_its_reference(
    upstream: ScriptedRepository, tmp_path: Path, ref: dict[str, str], version: str
) -> None:
    """A range of versions included."""
    upstream.commit(flux(ref) | versioned("3"))

    tree = await render_all(configured(tmp_path, upstream, "flux"))

    assert versions(tree) == {"infra": version}
    assert tree.unknown == {}


@pytest.mark.parametrize(
    ("revision", "target", "version"),
    [("v1.0.0", "v1.1.0", "2"), ("v1.0.0", "HEAD", "3"), ("", "1.0.x", "1")],
)
async def test_a_set_looks_for_folders_at_its_own_revision(  # noqa: PLR0917 - one row each
    upstream: ScriptedRepository, tmp_path: Path, revision: str, target: str, version: str
) -> None:
    """And its Applications are rendered at theirs."""
    gone = {"apps/three/map.yaml": None}
    upstream.commit({"sets/apps.yaml": application_set(revision, target), **versioned("3"), **gone})

    tree = await render_all(configured(tmp_path, upstream, "sets"))

    assert versions(tree) == {"one": version, "two": version}
    assert tree.unknown == {}


async def test_a_folder_stands_for_whatever_is_asked_of_it(tmp_path: Path) -> None:
    """Looking at what lies here needs no Git at all."""
    for path, body in (flux({"semver": "9.x"}) | versioned("here")).items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(body))

    tree = await render(tmp_path / "flux", Look(discover="flux", beside={URL: tmp_path}))

    assert versions(tree) == {"infra": "here"}
