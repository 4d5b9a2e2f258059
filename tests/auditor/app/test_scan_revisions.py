"""One scan follows owners to revisions of repositories that it has looked at already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from auditor.app.scan import once, silently
from auditor.config.loading import parse
from tests.builders import config_map, obj, ref
from tests.git_repositories import ScriptedRepository

KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "prod",
    "clusters": [{"name": "prod", "cluster": {"server": "http://127.0.0.1:1"}}],
    "users": [{"name": "me", "user": {}}],
    "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "me"}}],
}


def application(name: str, repository: str, path: str, revision: str) -> dict[str, Any]:
    """An Application in another repository than its own."""
    url = f"https://git.example.com/{repository}"
    spec = {
        "source": {"repoURL": url, "path": path, "targetRevision": revision},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
    }
    return obj("argoproj.io/v1alpha1", "Application", name, "argocd", spec=spec)


async def test_repositories_lead_to_revisions_of_each_other(tmp_path: Path) -> None:
    """As long as that goes on: each is looked at again when another asks for more of it."""
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(KUBECONFIG))
    shop = ScriptedRepository(tmp_path / "shop.git")
    shop.commit({"apps/web.yaml": application("web", "platform", "web", "web-1")})
    shop.tag("v1.0.0")
    shop.commit({"apps/web.yaml": None, "x.yaml": config_map("x")})
    platform = ScriptedRepository(tmp_path / "platform.git")
    platform.commit({"web/map.yaml": config_map("web", data={"version": "1"})})
    platform.tag("web-1")
    platform.commit(
        {
            "clusters/shop.yaml": application("shop", "shop", "apps", "1.x"),
            "web/map.yaml": config_map("web", data={"version": "2"}),
        }
    )
    configuration = {
        "apiVersion": "auditor/v1",
        "clusters": [{"name": "prod", "kubeconfig": "kubeconfig"}],
        "repositories": [
            {
                "name": name,
                "url": str(tmp_path / f"{name}.git"),
                "aliases": [f"https://git.example.com/{name}"],
            }
            for name in ("shop", "platform")
        ],
        "desired": [
            {"repository": "platform", "path": "clusters", "cluster": "prod", "discover": "argocd"}
        ],
        "store": {"path": "ledger.db", "cache": "cache"},
    }

    async with once(parse(yaml.safe_dump(configuration), name="x", folder=tmp_path)) as audit:
        await audit.look(silently)
        declaration = audit.graph.desired.declaration(ref("ConfigMap", "web", group=""))
        unknown = audit.graph.desired.followed.unknown()

    assert declaration
    assert declaration.manifest
    assert declaration.manifest.body["data"] == {"version": "1"}
    assert declaration.manifest.origin
    assert declaration.manifest.origin.repository == "platform"
    assert declaration.manifest.origin.revision == platform.commits[0]
    assert unknown == {}
