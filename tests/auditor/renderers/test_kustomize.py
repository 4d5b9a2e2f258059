"""Kustomizations are rendered as kustomize renders them, and from nothing but the repository."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import pytest

from auditor.errors import ManifestError
from auditor.ports import Rendering
from auditor.renderers.kustomize import KustomizeRenderer
from auditor.renderers.origins import ORIGIN
from auditor.sources.git.directory import DirectoryTree
from tests.auditor.renderers.folders import Content, folder, names, places, request
from tests.builders import config_map, deployment, secret, service

pytestmark = pytest.mark.usefixtures("rendering_programs")


async def render(files: dict[str, Content], path: str = "app", **options: Any) -> Rendering:
    return await KustomizeRenderer().render(folder(files), request(path, **options))


async def refusal(files: dict[str, Content], path: str = "app", **options: Any) -> str:
    with pytest.raises(ManifestError) as caught:
        await render(files, path, **options)
    return str(caught.value)


class TestObjects:
    async def test_takes_what_resources_name_and_nothing_else(self) -> None:
        """A file beside the kustomization that it does not name is not rendered."""
        rendering = await render(
            {
                "app/kustomization.yaml": {"resources": ["web.yaml"]},
                "app/web.yaml": deployment(),
                "app/stray.yaml": service(),
            }
        )

        assert names(rendering) == ["Deployment/web"]
        assert set(rendering.read) == {"app/kustomization.yaml", "app/web.yaml"}

    async def test_follows_a_base_beside_the_overlay(self) -> None:
        """Bases may lie outside the path that was asked for."""
        rendering = await render(
            {
                "base/kustomization.yml": {"resources": ["web.yaml"]},
                "base/web.yaml": deployment(replicas=1),
                "overlays/prod/kustomization.yaml": {
                    "resources": ["../../base"],
                    "namePrefix": "prod-",
                    "replicas": [{"name": "web", "count": 5}],
                },
            },
            "overlays/prod",
        )

        (web,) = rendering.manifests
        assert web.ref.name == "prod-web"
        assert web.body["spec"]["replicas"] == 5

    async def test_applies_components_and_patches(self) -> None:
        """Components and patch files are followed too."""
        rendering = await render(
            {
                "app/Kustomization": {
                    "resources": ["web.yaml"],
                    "components": ["../extra"],
                    "patches": [{"path": "patch.yaml"}],
                },
                "app/web.yaml": deployment(),
                "app/patch.yaml": {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "metadata": {"name": "web", "namespace": "shop"},
                    "spec": {"replicas": 9},
                },
                "extra/kustomization.yaml": {
                    "apiVersion": "kustomize.config.k8s.io/v1alpha1",
                    "kind": "Component",
                    "resources": ["service.yaml"],
                },
                "extra/service.yaml": service(),
            }
        )

        assert names(rendering) == ["Deployment/web", "Service/web"]
        assert {m.ref.kind: m.body for m in rendering.manifests}["Deployment"]["spec"][
            "replicas"
        ] == 9

    async def test_generates_with_name_hashes(self) -> None:
        """Generators read their files, and names carry the hash of the content."""
        rendering = await render(
            {
                "app/kustomization.yaml": {
                    "configMapGenerator": [
                        {"name": "settings", "files": ["renamed=raw.txt"], "envs": ["vars.env"]}
                    ]
                },
                "app/raw.txt": "calm",
                "app/vars.env": "mode=loud\n",
            }
        )

        (made,) = rendering.manifests
        assert made.ref.name.startswith("settings-")
        assert made.body["data"] == {"renamed": "calm", "mode": "loud"}

    async def test_reads_the_configuration_of_built_in_plugins(self) -> None:
        """Files that a transformer's configuration names are at hand."""
        rendering = await render(
            {
                "app/kustomization.yaml": {
                    "resources": ["web.yaml"],
                    "transformers": ["label.yaml"],
                },
                "app/web.yaml": deployment(),
                "app/label.yaml": {
                    "apiVersion": "builtin",
                    "kind": "PatchTransformer",
                    "metadata": {"name": "patch"},
                    "path": "patch.yaml",
                    "target": {"kind": "Deployment"},
                },
                "app/patch.yaml": '[{"op": "replace", "path": "/spec/replicas", "value": 4}]',
            }
        )

        assert rendering.manifests[0].body["spec"]["replicas"] == 4

    async def test_leaves_local_configuration_out(self) -> None:
        """What is annotated as local is never applied, and kustomize drops it."""
        local = config_map()
        local["metadata"]["annotations"] = {"config.kubernetes.io/local-config": "true"}

        rendering = await render(
            {
                "app/kustomization.yaml": {"resources": ["all.yaml"]},
                "app/all.yaml": [local, service()],
            }
        )

        assert names(rendering) == ["Service/web"]


class TestOrigins:
    async def test_names_the_file_and_line_of_each_resource(self) -> None:
        """Through bases and prefixes, an object is traced to the document that declares it."""
        files: dict[str, Content] = {
            "base/kustomization.yaml": {"resources": ["all.yaml"]},
            "base/all.yaml": [service("web"), service("web-admin"), deployment()],
            "app/kustomization.yaml": {"resources": ["../base"], "namePrefix": "eu-"},
        }
        tree = folder(files)

        found = places(await KustomizeRenderer().render(tree, request()), tree)

        lines = tree.files["base/all.yaml"].decode().splitlines()
        starts = [n for n, text in enumerate(lines, 1) if text.startswith("apiVersion")]
        assert found == {
            "Service/eu-web": f"base/all.yaml:{starts[0]}",
            "Service/eu-web-admin": f"base/all.yaml:{starts[1]}",
            "Deployment/eu-web": f"base/all.yaml:{starts[2]}",
        }

    async def test_names_the_entry_of_a_generator(self) -> None:
        """A generated object comes from the entry that generates it."""
        text = (
            "configMapGenerator:\n"
            "- name: one\n  literals: [a=1]\n"
            "- name: two\n  literals: [b=2]\n"
            "generatorOptions:\n  disableNameSuffixHash: true\n"
        )
        tree = folder({"app/kustomization.yaml": text})

        found = places(await KustomizeRenderer().render(tree, request()), tree)

        assert found == {
            "ConfigMap/one": "app/kustomization.yaml:2",
            "ConfigMap/two": "app/kustomization.yaml:4",
        }

    async def test_leaves_no_trace_of_asking(self) -> None:
        """The annotations that carry origins are not part of what is declared."""
        rendering = await render(
            {"app/kustomization.yaml": {"resources": ["s.yaml"]}, "app/s.yaml": service()}
        )

        assert rendering.manifests[0].body == service()

    @pytest.mark.parametrize(
        "kustomization",
        [
            "{resources: [s.yaml]}",
            "resources: [s.yaml]\nbuildMetadata: [managedByLabel]\n",
            "resources:\n- s.yaml\n...\n",
        ],
    )
    async def test_falls_back_to_the_kustomization(self, kustomization: str) -> None:
        """Where the question cannot be added safely, the object comes from the kustomization."""
        tree = folder({"app/kustomization.yaml": kustomization, "app/s.yaml": service()})

        found = places(await KustomizeRenderer().render(tree, request()), tree)

        assert found == {"Service/web": "app/kustomization.yaml:None"}

    async def test_keeps_origins_that_the_author_asked_for(self) -> None:
        """Who asks for the annotation in Git wants it in the cluster."""
        text = "resources: [s.yaml]\nbuildMetadata: [originAnnotations]\n"

        rendering = await render({"app/kustomization.yaml": text, "app/s.yaml": service()})

        assert ORIGIN in rendering.manifests[0].metadata["annotations"]


class TestRefusals:
    @pytest.mark.parametrize(
        "reference",
        [
            "https://example.com/all.yaml",
            "HTTPS://example.com/all.yaml",
            "https://github.com/org/repo//path?ref=v1",
            "github.com/org/repo",
            "git@github.com:org/repo.git",
            "git::https://example.com/repo.git",
            "ssh://git@example.com/org/repo",
            "file:///etc",
        ],
    )
    @pytest.mark.parametrize("field", ["resources", "bases", "components", "transformers"])
    async def test_fetches_nothing(self, field: str, reference: str) -> None:
        """Remote bases are refused before kustomize sees them."""
        message = await refusal({"app/kustomization.yaml": {field: [reference]}})

        assert message.startswith("app/kustomization.yaml: ")
        assert "never fetched. Copy what it names into the repository" in message

    async def test_tells_no_password(self) -> None:
        """Credentials in a refused address are not repeated."""
        reference = "https://robot:hunter2@example.com/repo"

        message = await refusal({"app/kustomization.yaml": {"resources": [reference]}})

        assert "example.com/repo" in message
        assert "hunter2" not in message

    async def test_fetches_nothing_for_a_plugin(self) -> None:
        """The configuration of a transformer reaches no network either."""
        message = await refusal(
            {
                "app/kustomization.yaml": {"transformers": ["patch.yaml"]},
                "app/patch.yaml": {
                    "apiVersion": "builtin",
                    "kind": "PatchTransformer",
                    "metadata": {"name": "patch"},
                    "path": "http://127.0.0.1:1/patch.yaml",
                },
            }
        )

        assert "never fetched" in message

    @pytest.mark.parametrize("reference", ["../../../etc", "../.."])
    async def test_stays_in_the_repository(self, reference: str) -> None:
        """A base above the repository's root is refused."""
        message = await refusal({"app/kustomization.yaml": {"resources": [reference]}})

        assert "lies outside the repository" in message

    async def test_reads_no_file_of_the_machine(self) -> None:
        """An absolute path is refused in kustomize's own words, and nothing of the file shows."""
        files: dict[str, Content] = {
            "app/kustomization.yaml": {
                "configMapGenerator": [{"name": "leak", "files": ["/etc/passwd"]}]
            }
        }

        message = await refusal(files)

        assert "is not in or below" in message
        assert "root:" not in message

    async def test_keeps_load_restrictions(self) -> None:
        """A file beside the kustomization's folder is refused, as kustomize does by default."""
        message = await refusal(
            {
                "app/kustomization.yaml": {"resources": ["../shared/s.yaml"]},
                "shared/s.yaml": service(),
            }
        )

        assert "is not in or below" in message

    async def test_runs_no_functions(self) -> None:
        """A transformer that is a program is refused."""
        function = {
            "apiVersion": "example.com/v1",
            "kind": "Evil",
            "metadata": {
                "name": "evil",
                "annotations": {
                    "config.kubernetes.io/function": "exec:\n  path: ./evil.sh\n",
                },
            },
        }

        message = await refusal(
            {
                "app/kustomization.yaml": {"resources": ["s.yaml"], "transformers": ["evil.yaml"]},
                "app/s.yaml": service(),
                "app/evil.yaml": function,
                "app/evil.sh": "#!/bin/sh\ntouch /tmp/evil\n",
            }
        )

        assert "--enable-alpha-plugins" in message or "external plugins disabled" in message

    async def test_names_files_as_the_repository_does(self) -> None:
        """No temporary path shows in a message."""
        message = await refusal({"app/kustomization.yaml": {"resources": ["missing.yaml"]}})

        assert "'app/missing.yaml'" in message
        assert str(Path(tempfile.gettempdir())) not in message
        assert "auditor-render" not in message

    async def test_says_nothing_of_secrets(self) -> None:
        """A generator's literal that kustomize quotes is not repeated."""
        message = await refusal(
            {
                "app/kustomization.yaml": {
                    "secretGenerator": [{"name": "login", "literals": ["hunter2-without-key"]}]
                }
            }
        )

        assert "hunter2" not in message

    async def test_quotes_no_patch(self) -> None:
        """A patch that kustomize cannot read is not repeated: it may hold a secret."""
        patch = "stringData:\n  password: hunter2\n  : :\n"

        message = await refusal(
            {
                "app/kustomization.yaml": {
                    "resources": ["s.yaml"],
                    "patches": [{"patch": patch, "target": {"kind": "Secret"}}],
                },
                "app/s.yaml": secret(),
            }
        )

        assert "hunter2" not in message

    async def test_names_a_broken_kustomization_with_its_line(self) -> None:
        """YAML that cannot be read is refused with its place."""
        message = await refusal({"app/kustomization.yaml": "resources:\n- a\n  b: c\n"})

        assert message.startswith("app/kustomization.yaml:3: ")

    async def test_survives_kustomizations_that_name_each_other(self) -> None:
        """A cycle is kustomize's to refuse."""
        message = await refusal(
            {
                "app/kustomization.yaml": {"resources": ["../other"]},
                "other/kustomization.yaml": {"resources": ["../app"]},
            }
        )

        assert "cycle detected" in message

    async def test_knows_its_options(self) -> None:
        """A misspelt option is refused with the nearest word."""
        with pytest.raises(ManifestError, match="helm"):
            await render({"app/kustomization.yaml": {"resources": []}}, hel=True)


INFLATING: Final[dict[str, Content]] = {
    "app/kustomization.yaml": {
        "helmCharts": [{"name": "web", "releaseName": "shop", "namespace": "shop"}]
    },
    "app/charts/web/Chart.yaml": {"apiVersion": "v2", "name": "web", "version": "1.0.0"},
    "app/charts/web/values.yaml": {"port": 8080},
    "app/charts/web/templates/settings.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-settings\n"
        'data:\n  port: "{{ .Values.port }}"\n'
    ),
}


class TestCharts:
    async def test_inflates_a_chart_of_the_repository_when_allowed(self) -> None:
        """With the option, a committed chart is inflated, and its files are known to be read."""
        rendering = await render(INFLATING, helm=True)

        assert names(rendering) == ["ConfigMap/shop-settings"]
        assert rendering.manifests[0].body["data"] == {"port": "8080"}
        assert "app/charts/web/templates/settings.yaml" in rendering.read

    async def test_inflates_nothing_by_default(self) -> None:
        """Without the option, the message says which one."""
        message = await refusal(INFLATING)

        assert "option helm" in message

    async def test_fetches_no_chart(self) -> None:
        """A chart of a repository of charts must be committed."""
        chart = {"name": "web", "repo": "https://charts.example.com", "version": "1.0.0"}

        message = await refusal({"app/kustomization.yaml": {"helmCharts": [chart]}}, helm=True)

        assert "Commit it as app/charts/web-1.0.0/web" in message

    async def test_refuses_charts_outside_the_repository(self) -> None:
        """A chart's name that climbs out of the repository is refused."""
        chart = {"name": "../../../../etc", "releaseName": "x"}

        message = await refusal({"app/kustomization.yaml": {"helmCharts": [chart]}}, helm=True)

        assert "lies outside the repository" in message


class TestLinks:
    async def test_a_link_out_of_the_repository_is_not_followed(self, tmp_path: Path) -> None:
        """A symlink to a file of the machine is refused by name."""
        (tmp_path / "kustomization.yaml").write_text(
            "configMapGenerator: [{name: leak, files: [passwd]}]"
        )
        (tmp_path / "passwd").symlink_to("/etc/passwd")

        with pytest.raises(ManifestError, match="leaves the repository") as caught:
            await KustomizeRenderer().render(DirectoryTree(tmp_path, name="here"), request(""))

        assert caught.value.path == "passwd"
