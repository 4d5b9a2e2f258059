"""Charts are rendered as helm renders them, and traced to their templates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from auditor.domain.capabilities import NO_CLUSTER, Capabilities
from auditor.errors import ClusterUnasked, ManifestError
from auditor.ports import Rendering
from auditor.renderers.helm import HelmRenderer
from tests.auditor.renderers.chart_server import TEMPLATE
from tests.auditor.renderers.folders import Content, folder, names, places, request

pytestmark = pytest.mark.usefixtures("rendering_programs")

CHART: Final[dict[str, Content]] = {
    "app/Chart.yaml": {"apiVersion": "v2", "name": "web", "version": "1.0.0"},
    "app/values.yaml": {"mode": "calm"},
    "app/templates/settings.yaml": TEMPLATE,
}

CLUSTER = Capabilities(
    kube_version="v1.36.3", api_versions=("example.com/v1", "example.com/v1/Widget")
)
ASKING = (
    TEMPLATE
    + '  has: "{{ .Capabilities.APIVersions.Has "example.com/v1/Widget" }}"\n'
    + '  kube: "{{ .Capabilities.KubeVersion.Version }}"\n'
)


def chart(files: dict[str, Content] | None = None, **about: Any) -> dict[str, Content]:
    """Make a chart; ``about`` are further fields of its Chart.yaml."""
    own = {"apiVersion": "v2", "name": "web", "version": "1.0.0"} | about
    return {**CHART, "app/Chart.yaml": own, **(files or {})}


async def render(files: dict[str, Content], **options: Any) -> Rendering:
    return await HelmRenderer().render(folder(files), request(**options))


async def refusal(files: dict[str, Content], **options: Any) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        await render(files, **options)
    return caught.value


def mode(rendering: Rendering) -> str:
    """Read what the only object says."""
    (made,) = rendering.manifests
    return str(made.body["data"]["mode"])


class TestObjects:
    async def test_renders_a_chart_of_the_repository(self) -> None:
        """The release is named after the chart, and every file of it is read."""
        rendering = await render(chart())

        assert names(rendering) == ["ConfigMap/web-settings"]
        assert set(rendering.read) == set(CHART)
        assert rendering.renderer == "helm"

    async def test_names_the_release(self) -> None:
        """The name is an option."""
        assert names(await render(chart(), release_name="shop")) == ["ConfigMap/shop-settings"]

    async def test_tells_the_chart_its_namespace(self) -> None:
        """The namespace of the request is the release's."""
        files = chart(
            {"app/templates/settings.yaml": TEMPLATE + "  ns: {{ .Release.Namespace }}\n"}
        )

        rendering = await HelmRenderer().render(folder(files), request(namespace="shop"))

        assert rendering.manifests[0].body["data"]["ns"] == "shop"

    async def test_later_values_win(self) -> None:
        """Files win over the chart, later ones over earlier ones, and inline values over all."""
        files = chart(
            {
                "app/one.yaml": {"mode": "one"},
                "app/with,comma.yaml": {"mode": "two"},
                "env/prod.yaml": {"mode": "prod"},
            }
        )

        assert mode(await render(files, values_files=["one.yaml"])) == "one"
        assert mode(await render(files, values_files=["one.yaml", "with,comma.yaml"])) == "two"
        assert mode(await render(files, values_files=["one.yaml", "/env/prod.yaml"])) == "prod"
        assert mode(await render(files, values_files=["one.yaml"], values={"mode": "x"})) == "x"

    async def test_reads_values_files_outside_the_chart(self) -> None:
        """They count as read, so that a change to them renders again."""
        files = chart({"env/prod.yaml": {"mode": "prod"}})

        rendering = await render(files, values_files=["../env/prod.yaml"])

        assert "env/prod.yaml" in rendering.read

    async def test_tells_the_chart_what_the_cluster_has(self) -> None:
        """API versions and the Kubernetes version are options."""
        rendering = await render(
            chart({"app/templates/settings.yaml": ASKING}),
            api_versions=["example.com/v1/Widget"],
            kube_version="1.31.4",
        )

        data = rendering.manifests[0].body["data"]
        assert (data["has"], data["kube"]) == ("true", "v1.31.4")

    async def test_tells_the_chart_what_its_cluster_says_of_itself(self) -> None:
        """Unless options say otherwise; helm's own answers count where no cluster is meant."""
        asking = folder(chart({"app/templates/settings.yaml": ASKING}))

        told = await HelmRenderer().render(asking, replace(request(), capabilities=CLUSTER))
        alone = await HelmRenderer().render(asking, request())
        said = await HelmRenderer().render(
            asking, replace(request(kube_version="1.31.4"), capabilities=CLUSTER)
        )

        assert told.manifests[0].body["data"] | {"mode": ""} == {
            "mode": "",
            "has": "true",
            "kube": "v1.36.3",
        }
        assert told.told == CLUSTER
        assert alone.manifests[0].body["data"]["has"] == "false"
        assert said.manifests[0].body["data"]["kube"] == "v1.31.4"

    async def test_a_chart_that_asks_waits_for_its_cluster(self) -> None:
        """What it would be elsewhere is of no use; a chart that does not ask waits for nobody."""
        unasked = replace(request(), capabilities=None)

        with pytest.raises(ClusterUnasked, match="what cluster prod serves"):
            await HelmRenderer().render(
                folder(chart({"app/templates/settings.yaml": ASKING})), unasked
            )
        rendering = await HelmRenderer().render(folder(chart()), unasked)

        assert names(rendering) == ["ConfigMap/web-settings"]
        assert rendering.told is None

    async def test_only_a_chart_that_asks_is_rendered_anew_for_another_cluster(self) -> None:
        """Every definition that comes or goes makes a cluster another one."""
        renderer = HelmRenderer()

        async def seal(files: dict[str, Content], capabilities: Capabilities) -> str:
            asked = replace(request(), capabilities=capabilities)
            return (await renderer.plan(folder(files), asked)).seal

        asking = chart({"app/templates/settings.yaml": ASKING})
        assert await seal(chart(), CLUSTER) == await seal(chart(), NO_CLUSTER)
        assert await seal(asking, CLUSTER) != await seal(asking, NO_CLUSTER)

    @pytest.mark.parametrize(("include", "count"), [(True, 2), (False, 1)])
    async def test_declares_custom_resource_definitions(self, *, include: bool, count: int) -> None:
        """What lies in crds/ is declared, unless the options say otherwise."""
        definition = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "widgets.example.com"},
        }

        rendering = await render(chart({"app/crds/widget.yaml": definition}), include_crds=include)

        assert len(rendering.manifests) == count

    async def test_leaves_hooks_out_by_name(self) -> None:
        """A hook lives only while helm works: it is no part of what is declared."""
        hook = (
            "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\n"
            "  annotations:\n    helm.sh/hook: pre-install,pre-upgrade\n"
        )

        rendering = await render(chart({"app/templates/job.yaml": hook}))

        (skipped,) = rendering.skipped
        assert names(rendering) == ["ConfigMap/web-settings"]
        assert (skipped.path, skipped.line) == ("app/templates/job.yaml", 1)
        assert "Helm hook (pre-install,pre-upgrade)" in skipped.reason

    async def test_takes_lists_and_several_documents_of_a_file_apart(self) -> None:
        """Every object counts, wherever the template puts it."""
        text = "---\napiVersion: v1\nkind: List\nitems:\n" + "".join(
            f"- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: c{n}}}}}\n" for n in range(3)
        )
        crds = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\n" * 2

        rendering = await render(
            chart({"app/templates/settings.yaml": text, "app/crds/all.yaml": crds})
        )

        assert (
            names(rendering) == ["ConfigMap/c0", "ConfigMap/c1", "ConfigMap/c2"] + ["Service/a"] * 2
        )

    async def test_keeps_to_the_helmignore_file(self) -> None:
        """Helm decides what of the chart it takes."""
        files = chart(
            {"app/.helmignore": "broken.yaml\n", "app/templates/broken.yaml": "{{ fail }"}
        )

        assert names(await render(files)) == ["ConfigMap/web-settings"]


class TestOrigins:
    async def test_names_the_template_and_line(self) -> None:
        """Where a template makes several of a kind, what is written of their names decides."""
        both = (
            "{{- if true }}\napiVersion: v1\nkind: Service\nmetadata:\n"
            '  name: {{ include "web.name" . }}-public\n---\n'
            "kind: Service\napiVersion: v1\nmetadata:\n  name: '{{ .Release.Name }}-private'\n"
            "{{- end }}\n"
        )
        tree = folder(
            chart(
                {
                    "app/templates/_helpers.tpl": '{{ define "web.name" }}a-b{{ end }}',
                    "app/templates/services.yaml": both,
                }
            )
        )

        found = places(await HelmRenderer().render(tree, request()), tree)

        assert found == {
            "ConfigMap/web-settings": "app/templates/settings.yaml:1",
            "Service/a-b-public": "app/templates/services.yaml:2",
            "Service/web-private": "app/templates/services.yaml:7",
        }

    async def test_guesses_no_line(self) -> None:
        """Two documents that fit equally well leave the line open."""
        text = "".join(
            f"---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {{{{ printf `s{n}` }}}}\n"
            for n in range(2)
        )
        tree = folder(chart({"app/templates/settings.yaml": text}))

        found = places(await HelmRenderer().render(tree, request()), tree)

        assert set(found.values()) == {"app/templates/settings.yaml:None"}


class TestDependencies:
    SUB: Final[dict[str, Any]] = {"apiVersion": "v2", "name": "sub", "version": "0.1.0"}

    async def test_takes_what_lies_in_charts(self) -> None:
        """A committed dependency is rendered, and traced to its own template."""
        tree = folder(
            chart(
                {
                    "app/charts/sub/Chart.yaml": self.SUB,
                    "app/charts/sub/templates/s.yaml": TEMPLATE.replace("settings", "sub"),
                }
            )
        )

        found = places(await HelmRenderer().render(tree, request()), tree)

        assert found["ConfigMap/web-sub"] == "app/charts/sub/templates/s.yaml:1"

    async def test_finds_dependencies_elsewhere_in_the_repository(self) -> None:
        """A file:// dependency needs no commit of a copy."""
        needs = [{"name": "sub", "version": "0.1.0", "repository": "file://../shared/sub"}]
        tree = folder(
            chart(
                {
                    "shared/sub/Chart.yaml": self.SUB,
                    "shared/sub/templates/s.yaml": TEMPLATE.replace("settings", "sub"),
                },
                dependencies=needs,
            )
        )

        rendering = await HelmRenderer().render(tree, request())

        assert places(rendering, tree)["ConfigMap/web-sub"] == "shared/sub/templates/s.yaml:1"
        assert "shared/sub/templates/s.yaml" in rendering.read

    async def test_says_what_is_missing_and_what_to_do(self) -> None:
        """A dependency that is not at hand is named with its version."""
        needs = [{"name": "redis", "version": "1.2.3", "repository": "https://charts.example.com"}]

        error = await refusal(chart(dependencies=needs))

        assert "missing in charts/ directory: redis" in error.reason
        assert "Commit charts/ with redis 1.2.3" in error.reason

    async def test_follows_no_dependency_out_of_the_repository(self) -> None:
        """A file:// dependency above the root stays missing."""
        needs = [{"name": "etc", "version": "1.0.0", "repository": "file://../../../etc"}]

        error = await refusal(chart(dependencies=needs))

        assert "missing in charts/ directory: etc" in error.reason


class TestRefusals:
    async def test_names_the_template_and_line_that_fails(self) -> None:
        """Helm's words come through, at the place in the repository."""
        error = await refusal(
            chart({"app/templates/settings.yaml": 'a: b\nc: {{ required "say x" .Values.x }}\n'})
        )

        assert (error.path, error.line) == ("app/templates/settings.yaml", 2)
        assert "say x" in error.reason

    async def test_names_the_template_that_makes_no_yaml(self) -> None:
        """A template whose output cannot be read is named."""
        error = await refusal(chart({"app/templates/settings.yaml": "a: b: c\n"}))

        assert error.path == "app/templates/settings.yaml"
        assert "--debug" not in error.reason

    async def test_names_a_key_that_a_template_doubles(self) -> None:
        """Helm keeps one of two equal keys; which one is meant is for a person to say."""
        text = TEMPLATE + "  twice: a\n  twice: b\n"

        error = await refusal(chart({"app/templates/settings.yaml": text}))

        assert error.path == "app/templates/settings.yaml"
        assert "'twice' stands twice" in error.reason

    async def test_names_a_values_file_that_cannot_be_read(self) -> None:
        """No temporary name shows."""
        error = await refusal(chart({"app/bad.yaml": "a: b: c\n"}), values_files=["bad.yaml"])

        assert "app/bad.yaml" in error.reason
        assert "values-0" not in error.reason

    @pytest.mark.parametrize(
        ("file", "reason"),
        [("../../etc/passwd", "lies outside"), ("missing.yaml", "not there"), (".", "a folder")],
    )
    async def test_takes_values_from_the_repository_only(self, file: str, reason: str) -> None:
        """A values file elsewhere is refused."""
        error = await refusal(chart(), values_files=[file])

        assert reason in error.reason

    async def test_repeats_no_value(self) -> None:
        """A value of the wrong type is not quoted."""
        error = await refusal(chart({"app/values.yaml": "hunter2"}))

        assert "hunter2" not in str(error)

    async def test_refuses_what_is_no_chart(self) -> None:
        """The path must be a chart."""
        error = await refusal({"app/a.yaml": "a: b"})

        assert "no Chart.yaml" in error.reason

    @pytest.mark.parametrize(
        "options",
        [
            {"release_name": "--post-renderer=sh"},
            {"kube_version": "-x"},
            {"chart": "web"},
            {"chart": "--x", "repository": "https://example.com", "version": "1"},
            {"chart": "web", "repository": "https://example.com"},
            {"chart": "web", "repository": "ftp://example.com", "version": "1"},
            {"valuesFile": "x"},
        ],
    )
    async def test_checks_its_options(self, options: dict[str, Any]) -> None:
        """What could pass for a flag, or is half an address, is refused."""
        with pytest.raises(ManifestError):
            await render(chart(), **options)

    async def test_reads_nothing_of_the_machine(self) -> None:
        """A template sees neither environment nor files outside the chart."""
        text = (
            TEMPLATE
            + '  file: "{{ .Files.Get "/etc/passwd" }}{{ .Files.Get "../../../../etc/passwd" }}"\n'
            + '  env: "{{ lookup "v1" "Secret" "" "" }}{{ getHostByName "localhost" }}"\n'
        )

        rendering = await render(chart({"app/templates/settings.yaml": text}))

        data = rendering.manifests[0].body["data"]
        assert (data["file"], data["env"]) == ("", "map[]")
