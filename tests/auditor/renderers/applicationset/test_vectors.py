"""Random ApplicationSets yield what Argo CD's own code makes of them.

Each line of ``vectors.jsonl`` is a set, with the Applications or the error of argo-cd's packages
``applicationset/generators`` and ``applicationset/controllers/template`` for the files and clusters below
(v3.3.19, with how selectors and values are read taken from v3.6.1; empty fields are left out). Sets were
drawn at random, and kept where they had a new mixture of features.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from auditor.domain.gitops.branch import Branch
from auditor.domain.manifest import Manifest
from auditor.errors import ManifestError
from auditor.renderers.applicationset.renderer import ApplicationSetRenderer
from tests.auditor.renderers.applicationset.sets import called_for, cluster, joined, request_of
from tests.auditor.renderers.folders import folder
from tests.builders import obj

pytestmark = pytest.mark.usefixtures("gotemplate")

VECTORS = (Path(__file__).parent / "vectors.jsonl").read_text().splitlines()
FILES = {
    "apps/a/k.yaml": "name: a\n",
    "apps/b/k.yaml": "name: b\n",
    "apps/b/deep/k.yaml": "name: deep\n",
    "apps/.hid/x/k.yaml": "name: x\n",
    ".top/z/k.yaml": "name: z\n",
    "apps/C_D.e/k.yaml": "name: C_D.e\n",
    "clusters/dev/config.json": json.dumps(
        {
            "cluster": {
                "name": "dev",
                "server": "https://1.2.3.4",
                "port": 30000000,
                "on": True,
                "none": None,
                "tags": ["x", "y"],
                "empty": {},
            },
            "name": "fdev",
            "env": "dev",
        }
    ),
    "clusters/prod/config.yaml": """
- cluster: {name: prod, server: "https://2.4.6.8", port: 8080, ratio: 1.5}
  name: fprod
  env: prod
- cluster: {name: prod2, server: "https://5", port: 1e3}
  name: fprod2
  env: prod
""",
    "clusters/empty.yaml": "",
    "clusters/none.json": "[]\n",
    "root.yaml": "name: rooty\n",
}
CLUSTERS = (
    cluster("engineering-dev", "https://1.2.3.4", staging="true", env="dev"),
    cluster("engineering-prod", "https://2.4.6.8", production="true", env="prod"),
)
CLUSTERS[0]["metadata"]["annotations"] = {"a": "b"}


async def applications(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Render a set; its Applications in the order of their names."""
    body = obj("argoproj.io/v1alpha1", "ApplicationSet", "s", "argocd", spec=spec)
    tree = folder(FILES)
    made: list[Manifest] = []
    for branch in called_for(body, *CLUSTERS):
        if isinstance(branch, Branch):
            whole = joined(branch, defaultdict(lambda: tree))
            made += (await ApplicationSetRenderer().render(whole, request_of(branch))).manifests
    parts = ({key: each.body[key] for key in ("metadata", "spec")} for each in made)
    return sorted(parts, key=lambda each: str(each["metadata"]["name"]))


@pytest.mark.parametrize("line", VECTORS, ids=range(len(VECTORS)))
async def test_a_set_yields_what_argo_cd_makes_of_it(line: str) -> None:
    """The same Applications, or an error as well."""
    vector = json.loads(line)

    if "error" in vector:
        with pytest.raises(ManifestError, match="ApplicationSet s: "):
            await applications(vector["spec"])
    else:
        assert await applications(vector["spec"]) == vector["applications"]
