"""Load restrictions are lifted within the repository, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.errors import ManifestError
from auditor.ports import Rendering
from auditor.renderers.kustomize import KustomizeRenderer
from tests.auditor.renderers.folders import Content, folder, names, request
from tests.builders import config_map, service

pytestmark = pytest.mark.usefixtures("rendering_programs")

UP = "../" * 30
"""More folders up than any workspace lies deep."""


async def render(files: dict[str, Content], **options: Any) -> Rendering:
    asked = request("app", unrestricted=True, **options)
    return await KustomizeRenderer().render(folder(files), asked)


async def test_files_may_lie_beside_the_kustomization() -> None:
    """Resources, patches and what generators read, anywhere in the repository."""
    rendering = await render(
        {
            "app/kustomization.yaml": {
                "resources": ["../shared/s.yaml"],
                "patches": [{"path": "../shared/patch.yaml"}],
                "configMapGenerator": [{"name": "made", "files": ["../shared/words.txt"]}],
            },
            "shared/s.yaml": service(),
            "shared/patch.yaml": {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "web", "namespace": "shop", "labels": {"patched": "yes"}},
            },
            "shared/words.txt": "calm",
        }
    )

    made, patched = sorted(rendering.manifests, key=lambda each: each.ref.kind)
    assert made.body["data"] == {"words.txt": "calm"}
    assert patched.metadata["labels"]["patched"] == "yes"


@pytest.mark.parametrize("reach", ["{planted}", UP + "{planted}", "x\n/" + UP + "{planted}"])
@pytest.mark.parametrize(
    "kustomization",
    [
        {"resources": ["PATH"]},
        {"crds": ["PATH"]},
        {"configurations": ["PATH"]},
        {"components": ["PATH"]},
        {"openapi": {"path": "PATH"}},
        {"patches": [{"path": "PATH"}]},
        {"patchesStrategicMerge": ["PATH"]},
        {"patchesJson6902": [{"path": "PATH", "target": {"kind": "Service", "version": "v1"}}]},
        {"replacements": [{"path": "PATH"}]},
        {"generators": ["PATH"]},
        {"transformers": ["PATH"]},
        {"validators": ["PATH"]},
        {"configMapGenerator": [{"name": "leak", "files": ["PATH"]}]},
        {"configMapGenerator": [{"name": "leak", "files": ["key=PATH"]}]},
        {"configMapGenerator": [{"name": "leak", "env": "PATH"}]},
        {"CONFIGMAPGENERATOR": [{"name": "leak", "ENVS": ["PATH"]}]},
        {"secretGenerator": [{"name": "leak", "envs": ["PATH"]}]},
    ],
    ids=lambda fields: next(iter(fields)) if isinstance(fields, dict) else "",
)
async def test_no_file_of_the_machine_is_read(
    kustomization: dict[str, Any], reach: str, tmp_path: Path
) -> None:
    """Absolute paths and paths that climb out are refused, however they are spelt."""
    planted = tmp_path / "planted.env"
    planted.write_text("leaked=hunter2\n")
    path = reach.format(planted=planted)

    with pytest.raises(ManifestError) as caught:
        await render(
            {
                "app/kustomization.yaml": {"resources": ["s.yaml"], **_placed(kustomization, path)},
                "app/s.yaml": service(),
            }
        )

    assert "lies outside the repository" in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_no_file_of_the_machine_is_read_for_a_plugin(tmp_path: Path) -> None:
    """Neither by the configuration of a transformer, in place or in a file."""
    planted = tmp_path / "planted.yaml"
    planted.write_text("leaked: hunter2")
    for reach in (str(planted), f"{UP}{planted}"):
        configuration = {
            "apiVersion": "builtin",
            "kind": "PatchTransformer",
            "metadata": {"name": "patch"},
            "path": reach,
        }
        with pytest.raises(ManifestError, match="lies outside the repository"):
            await render(
                {
                    "app/kustomization.yaml": {"transformers": ["t.yaml"]},
                    "app/t.yaml": configuration,
                }
            )


async def test_an_overlay_reaches_no_further() -> None:
    """What an owner lays over a kustomization is bound like the kustomization."""
    with pytest.raises(ManifestError, match="lies outside the repository"):
        await render(
            {"app/kustomization.yaml": {"resources": ["c.yaml"]}, "app/c.yaml": config_map()},
            overlay={"patches": [{"path": f"{UP}etc/passwd"}]},
        )


async def test_a_file_outside_its_folder_is_read_for_its_changes() -> None:
    """What lies elsewhere in the repository counts as read, so that a change of it is noticed."""
    rendering = await render(
        {"app/kustomization.yaml": {"resources": ["../s.yaml"]}, "s.yaml": service()}
    )

    assert names(rendering) == ["Service/web"]
    assert set(rendering.read) == {"app/kustomization.yaml", "s.yaml"}


def _placed(fields: Any, path: str) -> Any:
    if isinstance(fields, dict):
        return {key: _placed(value, path) for key, value in fields.items()}
    if isinstance(fields, list):
        return [_placed(value, path) for value in fields]
    return fields.replace("PATH", path) if isinstance(fields, str) else fields
