"""The kustomization that Flux makes for a folder that has none, and how it reads one that is there.

Every YAML file below the folder is a resource; a folder with a kustomization of its own is one resource and
not looked into (https://fluxcd.io/flux/components/kustomize/kustomizations/#generate-kustomizationyaml).
What Flux's sources leave out of a repository is not there for it, so it is not here either. It refuses to
look into files: what is no manifest is refused by the build, as Flux refuses it.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, Final

from auditor.errors import ManifestError
from auditor.ports import Tree
from auditor.renderers.gitignore import Ignored
from auditor.renderers.kustomization import NAMES

DEFAULT_NAME: Final = NAMES[0]
_ENDINGS: Final = (".yaml", ".yml")
IGNORE_FILE: Final = ".sourceignore"
_LEFT_OUT: Final = (
    *(".git/", ".gitignore", ".gitmodules", ".gitattributes"),
    *("*.jpg", "*.jpeg", "*.gif", "*.png", "*.wmv", "*.flv", "*.tar.gz", "*.zip"),
    *(".github/", ".circleci/", ".travis.yml", ".gitlab-ci.yml", "appveyor.yml", ".drone.yml"),
    *("cloudbuild.yaml", "codeship-services.yml", "codeship-steps.yml"),
    *("**/.goreleaser.yml", "**/.sops.yaml", "**/.flux.yaml"),
)
"""https://fluxcd.io/flux/components/source/gitrepositories/#default-exclusions"""


_FIELDS: Final = frozenset(
    name.casefold()
    for name in (
        *("apiVersion", "kind", "metadata", "openapi", "namePrefix", "nameSuffix", "namespace"),
        *("commonLabels", "labels", "commonAnnotations", "patchesStrategicMerge", "patches"),
        *("patchesJson6902", "images", "imageTags", "replacements", "replicas", "vars"),
        *("sortOptions", "resources", "components", "crds", "bases", "configMapGenerator"),
        *("secretGenerator", "helmGlobals", "helmCharts", "helmChartInflationGenerator"),
        *("generatorOptions", "configurations", "generators", "transformers", "validators"),
        "buildMetadata",
    )
)
"""https://github.com/kubernetes-sigs/kustomize/blob/api/v0.21.1/api/types/kustomization.go"""
_TEXTS: Final = frozenset({"namespace", "nameprefix", "namesuffix"})


def generated(tree: Tree, folder: str) -> dict[str, Any]:
    """Make the kustomization of a folder.

    Raises:
        ManifestError: there is no such folder.

    """
    resources = list(_resources(tree, folder))
    made: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
    }
    # kustomize refuses an empty kustomization, so Flux gives it a namespace for nothing.
    return made | ({"resources": resources} if resources else {"namespace": "_placeholder"})


def as_flux_reads(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Read a kustomization as Flux does before it writes it anew: more leniently than kustomize.

    Fields that kustomize does not know are dropped, and a tag like ``1.10`` is text, though a poor one.
    """
    known = {key: value for key, value in fields.items() if str(key).casefold() in _FIELDS}
    for key, value in known.items():
        if key.casefold() in _TEXTS:
            known[key] = _as_text(value)
        elif key.casefold() == "images" and isinstance(value, list):
            known[key] = [_with_texts(image) for image in value]
    return known


def _with_texts(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    return {key: _as_text(value) for key, value in entry.items()}


def _as_text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, bool | int | float) else value


def _resources(tree: Tree, folder: str) -> Iterator[str]:
    """Yield files and folders, relative to the folder, in the order in which Go walks a tree."""
    ignored = _ignored(tree)
    files = [b.path for b in tree.blobs(folder) if not ignored.matches(b.path)]
    roots = {posixpath.dirname(path) for path in files if posixpath.basename(path) in NAMES}
    seen: set[str] = set()
    for path in sorted(files, key=lambda path: path.split("/")):
        outermost = next((each for each in _folders(path, folder) if each in roots), None)
        found = outermost or path
        if found not in seen and (outermost or path.endswith(_ENDINGS)):
            seen.add(found)
            yield f"./{posixpath.relpath(found, folder or '.')}"


def _folders(path: str, folder: str) -> Iterator[str]:
    """Yield the folders between a folder and a file below it, the outermost first."""
    parts = posixpath.relpath(posixpath.dirname(path) or ".", folder or ".").split("/")
    for number, part in enumerate(parts):
        if part != ".":
            yield posixpath.join(folder, *parts[: number + 1])


def _ignored(tree: Tree) -> Ignored:
    try:
        own = tree.read(IGNORE_FILE).decode(errors="replace").splitlines()
    except ManifestError:
        own = []
    return Ignored((*_LEFT_OUT, *own))
