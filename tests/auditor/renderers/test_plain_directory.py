"""Folders are narrowed down as Argo CD's ``directory`` is."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.errors import ManifestError
from auditor.ports import Rendering
from auditor.renderers.plain import PlainRenderer
from tests.auditor.renderers.folders import Content, folder, names, request
from tests.builders import config_map, deployment, service

DOCUMENTED: dict[str, Content] = {
    "app/config.json": config_map("json"),
    "app/deployment.yaml": deployment(),
    "app/env-use2/configmap.yaml": config_map("use2"),
    "app/env-usw2/configmap.yaml": config_map("usw2"),
}
"""The repository of https://argo-cd.readthedocs.io/en/stable/user-guide/directory/."""


async def render(files: dict[str, Content], path: str = "app", **options: Any) -> Rendering:
    return await PlainRenderer().render(folder(files), request(path, **options))


async def test_all_below_the_path_by_default() -> None:
    """As kubectl does with a folder, recursively."""
    assert len(names(await render(DOCUMENTED))) == 4


async def test_sub_folders_may_be_left_alone() -> None:
    """As Argo CD does by default; charts below are then no matter either."""
    files = DOCUMENTED | {"app/chart/Chart.yaml": "name: x"}

    rendering = await render(files, recurse=False)

    assert names(rendering) == ["ConfigMap/json", "Deployment/web"]
    assert rendering.skipped == ()


async def test_the_documented_example() -> None:
    """What is included and not excluded."""
    rendering = await render(DOCUMENTED, include="*.yaml", exclude="{config.json,env-usw2/*}")

    assert names(rendering) == ["ConfigMap/use2", "Deployment/web"]


async def test_patterns_begin_at_the_path() -> None:
    """Wherever in the repository it lies, its root included."""
    files = {path.removeprefix("app/"): content for path, content in DOCUMENTED.items()}

    assert names(await render(DOCUMENTED, include="env-use2/*")) == ["ConfigMap/use2"]
    assert names(await render(files, path="", include="env-use2/*")) == ["ConfigMap/use2"]


async def test_what_is_left_out_is_not_read() -> None:
    """So that it may be anything, and a change of it is none."""
    files: dict[str, Content] = {"app/a.yaml": service(), "app/bad.yaml": "{{ template }}"}

    rendering = await render(files, exclude="bad.yaml")

    assert set(rendering.read) == {"app/a.yaml"}
    with pytest.raises(ManifestError):
        await render(files)


@pytest.mark.parametrize(
    ("options", "expected"), [({"include": "[a"}, []), ({"exclude": "[a"}, ["Service/web"])]
)
async def test_a_broken_pattern_matches_nothing(
    options: dict[str, str], expected: list[str]
) -> None:
    """As in Argo CD; it is told, for nobody means that."""
    rendering = await render({"app/a.yaml": service()}, **options)

    assert names(rendering) == expected
    assert [remark.text for remark in rendering.remarks] == [
        f"the pattern '[a' of {next(iter(options))} ends too soon, so it matches no file"
    ]


async def test_marked_files_are_passed_over() -> None:
    """Where whoever applies the folder has such a mark."""
    marked = "# +argocd:skip-file-rendering\n{{ no yaml }}"
    files: dict[str, Content] = {"app/a.yaml": service(), "app/values.yaml": marked}

    rendering = await render(files, skipMarked="+argocd:skip-file-rendering")

    assert names(rendering) == ["Service/web"]
    assert [(each.path, each.is_applied) for each in rendering.skipped] == [
        ("app/values.yaml", False)
    ]
    assert "app/values.yaml" in rendering.read


async def test_jsonnet_is_named() -> None:
    """What it makes lives in the cluster and is not known; libraries are no matter."""
    files: dict[str, Content] = {
        "app/a.yaml": service(),
        "app/web.jsonnet": "{}",
        "app/lib.libsonnet": "{}",
        "app/out.jsonnet": "{}",
    }

    rendering = await render(files, jsonnet=True, exclude="out.*")

    assert names(rendering) == ["Service/web"]
    assert [(each.path, each.is_applied) for each in rendering.skipped] == [
        ("app/web.jsonnet", True)
    ]
    assert (await render(files)).skipped == ()


async def test_other_endings_may_be_read_too() -> None:
    """Where the patterns alone decide."""
    files: dict[str, Content] = {"app/a.yaml.sealed": service(), "app/b.yaml": config_map()}

    rendering = await render(files, requireJsonOrYamlExtension=False, include="{*.sealed,*.yaml}")

    assert names(rendering) == ["ConfigMap/settings", "Service/web"]


async def test_a_wrong_option_is_named() -> None:
    """With the nearest right one."""
    with pytest.raises(ManifestError, match="recurse"):
        await render(DOCUMENTED, recurs=True)
