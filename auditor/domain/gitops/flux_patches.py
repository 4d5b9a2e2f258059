"""Patches and images that Flux's owners hand to kustomize.

Two of the lists are deprecated and hold objects where kustomize takes them as text:
https://fluxcd.io/flux/components/helm/helmreleases/#post-renderers. It refuses to apply a patch.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from auditor.domain.gitops.flux_fields import entries


def patches_of(said: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The fields of a kustomization that patch its objects; those that are empty are left out."""
    fields: dict[str, list[Any]] = {
        "patches": list(entries(said, "patches")),
        "patchesStrategicMerge": [json.dumps(e) for e in entries(said, "patchesStrategicMerge")],
        "patchesJson6902": [_as_text(each) for each in entries(said, "patchesJson6902")],
        "images": list(entries(said, "images")),
    }
    return {name: listed for name, listed in fields.items() if listed}


def _as_text(patch: Mapping[str, Any]) -> dict[str, Any]:
    operations = patch.get("patch")
    is_text = isinstance(operations, str)
    return {**patch, "patch": operations if is_text else json.dumps(operations)}
