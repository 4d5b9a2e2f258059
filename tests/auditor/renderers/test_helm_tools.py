"""What Argo CD and Flux tell helm gives what helm itself makes of the same flags."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from auditor.errors import ManifestError
from auditor.ports import Rendering
from auditor.renderers.documents import Found, read_objects
from auditor.renderers.helm import HelmRenderer
from tests.auditor.renderers.folders import Content, folder, names, places, request

pytestmark = pytest.mark.usefixtures("rendering_programs")

VALUES: Final = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: values\n"
    "data:\n  all: {{ .Values | toJson | quote }}\n  ns: {{ .Release.Namespace | quote }}\n"
)
POD: Final = (
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {app: web}\n"
    "spec:\n  containers:\n  - {name: web, image: 'web:1'}\n"
)
HOOK: Final = "  annotations:\n    helm.sh/hook: {}\n"
CHART: Final[dict[str, Content]] = {
    "app/Chart.yaml": {"apiVersion": "v2", "name": "web", "version": "1.0.0"},
    "app/values.yaml": {"a": {"x": "chart", "z": "chart"}, "keep": 1},
    "app/templates/values.yaml": VALUES,
    "app/one.yaml": {"a": {"x": "one"}},
    "app/script.sh": "echo 'a, b'\n",
    "$values/prod.yaml": {"a": {"x": "prod"}},
    "prod.yaml": {"a": {"x": "root"}},
}


async def render(files: Mapping[str, Content], **options: Any) -> Rendering:
    return await HelmRenderer().render(folder(files), request(namespace="shop", **options))


async def values(**options: Any) -> dict[str, Any]:
    """What the chart is told, all in all."""
    (made,) = (await render(CHART, **options)).manifests
    told: dict[str, Any] = yaml.safe_load(made.body["data"]["all"])
    return told


async def refusal(**options: Any) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        await render(CHART, **options)
    return caught.value


class TestValues:
    async def test_win_over_each_other_in_one_order(self) -> None:
        """Files, documents, values, parameters, and files of parameters at last."""
        options: dict[str, Any] = {"values_files": ["one.yaml"]}
        assert (await values(**options))["a"] == {"x": "one", "z": "chart"}

        options["values_documents"] = ["a: {x: first, z: first}", "a: {x: second}\n"]
        assert (await values(**options))["a"] == {"x": "second", "z": "first"}

        options["values"] = {"a": {"x": "inline"}}
        assert (await values(**options))["a"] == {"x": "inline", "z": "first"}

        options["parameters"] = [{"name": "a.x", "value": "set"}]
        assert (await values(**options))["a"] == {"x": "set", "z": "first"}

        options["file_parameters"] = [{"name": "a.x", "path": "script.sh"}]
        assert (await values(**options))["a"] == {"x": "echo 'a, b'\n", "z": "first"}

    async def test_an_empty_document_says_nothing(self) -> None:
        """Nor does one of comments."""
        assert (await values(values_documents=["", "# nothing\n"]))["keep"] == 1

    @pytest.mark.parametrize(
        ("name", "said"), [("$values/prod.yaml", "prod"), ("/prod.yaml", "root")]
    )
    async def test_files_may_lie_in_another_repository(self, name: str, said: str) -> None:
        """It is seen below its name; the file counts as read."""
        rendering = await render(CHART, values_files=[name])

        assert said in str(rendering.manifests[0].body["data"]["all"])
        assert name.lstrip("/") in rendering.read

    async def test_files_may_be_missing_where_that_is_allowed(self) -> None:
        """They are told as read, so that one that comes is not overlooked."""
        rendering = await render(
            CHART, values_files=["none.yaml", "one.yaml"], ignore_missing_values_files=True
        )

        assert '"one"' in rendering.manifests[0].body["data"]["all"]
        assert rendering.read["app/none.yaml"] == ""

    @pytest.mark.parametrize("ignoring", [True, False])
    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("https://user:pass@example.com/v.yaml?token=x", "another server"),
            ("$values/../../prod.yaml", "outside the repository"),
            ("$values/../prod.yaml", "outside the repository"),
            ("../../prod.yaml", "outside the repository"),
        ],
    )
    async def test_files_of_elsewhere_are_refused(
        self, name: str, said: str, *, ignoring: bool
    ) -> None:
        """Also where they may be missing; an address is shown without its secrets."""
        error = await refusal(values_files=[name], ignore_missing_values_files=ignoring)

        assert said in error.reason
        assert "pass" not in error.reason
        assert "token" not in error.reason

    async def test_a_document_that_cannot_be_read_is_named(self) -> None:
        """By its place among the options."""
        error = await refusal(values_documents=["a: b", "a: b: c"])

        assert "the option valuesDocuments[1]" in error.reason

    async def test_a_parameter_is_not_repeated(self) -> None:
        """It may be a secret."""
        error = await refusal(parameters=[{"name": "a[hunter2", "value": "hunter2,b"}])

        assert "hunter2,b" not in str(error)

    @pytest.mark.parametrize(
        "options",
        [
            {"parameters": [{"name": ""}]},
            {"parameters": [{"name": "a", "value": "\0"}]},
            {"parameters": [{"name": "a", "value": "x" * 200_000}]},
            {"release_namespace": "--debug"},
            {"file_parameters": [{"name": "a", "path": "../../etc/passwd"}]},
            {"post_render": [{"resources": ["https://example.com"]}]},
        ],
    )
    async def test_options_that_no_command_line_takes_are_refused(
        self, options: dict[str, Any]
    ) -> None:
        """Before anything runs."""
        await refusal(**options)


class TestRelease:
    async def test_its_namespace_may_be_another(self) -> None:
        """Than the one that objects get that name none."""
        (made,) = (await render(CHART, release_namespace="there")).manifests
        (own,) = (await render(CHART)).manifests

        assert (made.body["data"]["ns"], own.body["data"]["ns"]) == ("there", "shop")

    async def test_tests_are_passed_over(self) -> None:
        """Other hooks are named as left out."""
        files = CHART | {
            "app/templates/test.yaml": POD.replace("web\n  labels", "test\n  labels").replace(
                "  labels: {app: web}\n", HOOK.format("test")
            ),
            "app/templates/hook.yaml": POD.replace(
                "  labels: {app: web}\n", HOOK.format("pre-install")
            ),
        }

        (hook,) = (await render(files, skip_tests=True)).skipped
        both = (await render(files)).skipped

        assert hook.path == "app/templates/hook.yaml"
        assert len(both) == 2

    async def test_the_schema_of_values_may_be_passed_over(self) -> None:
        """Helm refuses what breaks it, unless told not to look."""
        files = CHART | {"app/values.schema.json": '{"required": ["never"]}'}

        with pytest.raises(ManifestError, match="never"):
            await render(files)

        assert names(await render(files, skip_schema_validation=True)) == ["ConfigMap/values"]


class TestPostRendering:
    FILES: Final[dict[str, Content]] = CHART | {
        "app/templates/pod.yaml": POD,
        "app/templates/hook.yaml": POD.replace(
            "  labels: {app: web}\n", HOOK.format("post-install")
        ),
        "app/crds/widget.yaml": {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.example.com"},
        },
    }
    PATCH: Final = {
        "target": {"kind": "Pod"},
        "patch": "- op: add\n  path: /metadata/annotations\n  value: {patched: 'yes'}",
    }

    async def test_steps_follow_one_another(self) -> None:
        """Images and patches are changed as kustomize does it."""
        steps = [
            {"images": [{"name": "web", "newName": "other", "newTag": "2"}]},
            {"images": [{"name": "other", "newTag": "3"}], "patches": [self.PATCH]},
        ]

        rendering = await render(self.FILES, post_render=steps)

        (pod,) = (each for each in rendering.manifests if each.ref.kind == "Pod")
        assert pod.body["spec"]["containers"][0]["image"] == "other:3"
        assert pod.metadata["annotations"] == {"patched": "yes"}

    async def test_objects_keep_their_places(self) -> None:
        """Also one that a patch moved to a namespace."""
        patch = {
            "target": {"kind": "Pod"},
            "patch": "- op: add\n  path: /metadata/namespace\n  value: there",
        }
        tree = folder(self.FILES)

        rendering = await HelmRenderer().render(tree, request(post_render=[{"patches": [patch]}]))

        found = places(rendering, tree)
        assert found["Pod/web"] == "app/templates/pod.yaml:1"
        assert found["ConfigMap/values"] == "app/templates/values.yaml:1"
        assert found["CustomResourceDefinition/widgets.example.com"] == "app/crds/widget.yaml:1"

    async def test_an_object_may_be_dropped(self) -> None:
        """By a patch that deletes it."""
        drop = "$patch: delete\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"

        both = [{"patches": [{"patch": drop}]}, {"patchesStrategicMerge": [drop]}]

        for step in both:
            rendering = await render(self.FILES, post_render=[step])
            assert "Pod/web" not in names(rendering)

    async def test_old_kinds_of_patches_count(self) -> None:
        """Flux still takes them."""
        target = {"version": "v1", "kind": "Pod", "name": "web"}
        patch = "- {op: replace, path: /metadata/labels/app, value: shop}"
        step = {"patchesJson6902": [{"target": target, "patch": patch}]}

        rendering = await render(self.FILES, post_render=[step])

        (pod,) = (each for each in rendering.manifests if each.ref.kind == "Pod")
        assert pod.metadata["labels"] == {"app": "shop"}

    async def test_all_get_common_metadata_at_last(self) -> None:
        """But for CRDs, which helm puts beside the release; ours win."""
        common = {"labels": {"app": "common", "team": "a"}, "annotations": {"from": "there"}}

        rendering = await render(self.FILES, common_metadata=common)

        found = {each.ref.kind: each.metadata for each in rendering.manifests}
        assert found["Pod"]["labels"] == {"app": "common", "team": "a"}
        assert found["ConfigMap"]["annotations"] == {"from": "there"}
        assert "labels" not in found["CustomResourceDefinition"]

    async def test_a_patch_that_fits_nothing_is_told(self) -> None:
        """In kustomize's words, without the patch itself."""
        step = {
            "patches": [
                {"patch": "- {op: test, path: /a, value: hunter2}", "target": {"name": "web"}}
            ]
        }

        with pytest.raises(ManifestError) as caught:
            await render(self.FILES, post_render=[step])

        assert "post rendering" in caught.value.reason
        assert "hunter2" not in caught.value.reason


def template(chart: Path, *flags: str) -> list[Any]:
    """What helm itself makes of a chart."""
    command = ("helm", "template", "web", str(chart), "--namespace=shop", *flags)
    done = subprocess.run(
        command, capture_output=True, check=True, env={"PATH": os.environ["PATH"]}
    )
    return [part.body for part in read_objects(done.stdout, "output") if isinstance(part, Found)]


@pytest.mark.parametrize(
    ("options", "flags"),
    [
        ({"parameters": [{"name": "a.x", "value": "1"}]}, ["--set=a.x=1"]),
        (
            {"parameters": [{"name": "a.x", "value": "1", "forceString": True}]},
            ["--set-string=a.x=1"],
        ),
        ({"parameters": [{"name": "a.z", "value": r"b\,c"}]}, [r"--set=a.z=b\,c"]),
        ({"parameters": [{"name": "list", "value": "{b,c}"}]}, ["--set=list={b,c}"]),
        ({"parameters": [{"name": "hosts[1].name", "value": "h"}]}, ["--set=hosts[1].name=h"]),
        ({"parameters": [{"name": r"a\.b", "value": "null"}]}, [r"--set=a\.b=null"]),
        (
            {
                "parameters": [
                    {"name": "n", "value": "1", "forceString": True},
                    {"name": "n", "value": "2"},
                ]
            },
            ["--set-string=n=1", "--set=n=2"],
        ),
        (
            {"file_parameters": [{"name": "s", "path": "script.sh"}]},
            ["--set-file=s={}/app/script.sh"],
        ),
        ({"values_files": ["one.yaml"]}, ["--values={}/app/one.yaml"]),
        ({"release_namespace": "there"}, ["--namespace=there"]),
        ({"api_versions": ["a.example.com/v1"]}, ["--api-versions=a.example.com/v1"]),
        ({"include_crds": False, "skip_tests": True}, ["--skip-tests"]),
    ],
)
async def test_options_are_what_the_flags_of_helm_are(
    options: dict[str, Any], flags: list[str], tmp_path: Path
) -> None:
    """The same objects, whatever is said."""
    tree = folder(CHART)
    for path, content in tree.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)

    ours = await HelmRenderer().render(tree, request(namespace="shop", **options))

    theirs = template(tmp_path / "app", *(flag.replace("{}", str(tmp_path)) for flag in flags))
    assert [each.body for each in ours.manifests] == theirs
