"""A Flux Kustomization is rendered to what Flux applies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.domain.manifest import SEALED, Manifest
from auditor.errors import ManifestError
from auditor.ports import Rendering
from auditor.renderers.cache import CachedRenderer, RenderCache
from auditor.renderers.flux import FluxRenderer
from tests.auditor.renderers.folders import Content, folder, names, places, request
from tests.auditor.renderers.test_sealing import DOTENV, ENCRYPTED, SOPS
from tests.builders import config_map, deployment, secret, service

pytestmark = pytest.mark.usefixtures("rendering_programs")


async def render(files: dict[str, Content], **options: Any) -> Rendering:
    return await FluxRenderer().render(folder(files), request("app", **options))


async def only(files: dict[str, Content], **options: Any) -> Manifest:
    (manifest,) = (await render(files, **options)).manifests
    return manifest


def remarks(rendering: Rendering) -> list[str]:
    return [f"{each.path}:{each.line}: {each.text}" for each in rendering.remarks]


class TestBuilding:
    async def test_needs_no_kustomization(self) -> None:
        """And reads what lies beside the folder, where there is one."""
        files: dict[str, Content] = {
            "app/sub/kustomization.yaml": {"resources": ["../../shared/s.yaml"]},
            "app/c.yaml": config_map(),
            "shared/s.yaml": service(),
        }

        rendering = await render(files)

        assert rendering.renderer == "flux"
        assert places(rendering, folder(files)) == {
            "ConfigMap/settings": "app/c.yaml:1",
            "Service/web": "shared/s.yaml:1",
        }

    async def test_lays_the_spec_over_it(self) -> None:
        """Namespace, patches, images and components, and metadata for all."""
        rendering = await render(
            {
                "app/web.yaml": deployment(image="web:1"),
                "part/kustomization.yaml": {
                    "apiVersion": "kustomize.config.k8s.io/v1alpha1",
                    "kind": "Component",
                    "resources": ["c.yaml"],
                },
                "part/c.yaml": config_map(),
            },
            overlay={
                "namespace": "elsewhere",
                "images": [{"name": "web", "newTag": "2"}],
                "components": ["../part"],
                "patches": [
                    {
                        "target": {"kind": "Deployment"},
                        "patch": '[{"op": "add", "path": "/spec/paused", "value": true}]',
                    }
                ],
            },
            commonMetadata={"labels": {"owner": "apps"}, "annotations": {"note": "x"}},
        )

        bodies = {each.ref.kind: each.body for each in rendering.manifests}
        assert {each.ref.namespace for each in rendering.manifests} == {"elsewhere"}
        assert bodies["Deployment"]["spec"]["paused"] is True
        containers = bodies["Deployment"]["spec"]["template"]["spec"]["containers"]
        assert containers[0]["image"] == "web:2"
        for body in bodies.values():
            assert body["metadata"]["labels"]["owner"] == "apps"
            assert body["metadata"]["annotations"] == {"note": "x"}

    async def test_common_metadata_wins(self) -> None:
        """Over what the object says."""
        body = service()
        body["metadata"]["labels"] = {"owner": "me", "mine": "yes"}

        made = await only({"app/s.yaml": body}, commonMetadata={"labels": {"owner": "apps"}})

        assert made.metadata["labels"] == {"owner": "apps", "mine": "yes"}


class TestSubstitution:
    async def test_happens_after_the_build(self) -> None:
        """So a patch of the spec may hold variables, and names may."""
        made = await only(
            {"app/c.yaml": config_map("settings-${env}", data={"n": "${count}"})},
            overlay={"namePrefix": "x-"},
            substitute={"env": "prod", "count": "5"},
        )

        assert made.ref.name == "x-settings-prod"
        assert made.body["data"] == {"n": 5}

    async def test_is_off_without_variables(self) -> None:
        """Shell scripts are then left alone."""
        files: dict[str, Content] = {"app/c.yaml": config_map(data={"sh": "${x[@]} ${d:=1}"})}

        assert (await only(files)).body["data"] == {"sh": "${x[@]} ${d:=1}"}

    async def test_may_be_on_without_variables(self) -> None:
        """Where the spec says always."""
        files: dict[str, Content] = {"app/c.yaml": config_map(data={"d": "${d:=one}"})}

        assert (await only(files, substituteAlways=True)).body["data"] == {"d": "one"}

    async def test_names_what_is_not_set(self) -> None:
        """With the place that asks for it; the object is declared all the same."""
        rendering = await render(
            {"app/c.yaml": config_map(data={"a": "x${MISSING}y"})}, substitute={"SET": "1"}
        )

        assert rendering.manifests[0].body["data"] == {"a": "xy"}
        assert rendering.skipped == ()
        assert remarks(rendering) == [
            "app/c.yaml:1: ${MISSING} is not set in ConfigMap settings: it is empty"
        ]

    async def test_fails_as_a_whole(self) -> None:
        """Flux applies nothing where one object is no template; the place is named."""
        with pytest.raises(ManifestError) as caught:
            await render(
                {"app/a.yaml": service(), "app/c.yaml": config_map(data={"sh": "${x[@]}"})},
                substitute={"A": "1"},
            )

        assert str(caught.value).startswith("app/c.yaml:1: ConfigMap settings: data.sh has a ${…}")

    async def test_a_sealed_variable_is_known_by_being_there(self) -> None:
        """The object stays, and says so."""
        rendering = await render(
            {"app/c.yaml": config_map(data={"url": "https://${HOST}/x"})}, sealed=["HOST"]
        )

        assert rendering.manifests[0].body["data"] == {"url": f"https://{SEALED}/x"}
        assert "values that are not known here" in remarks(rendering)[0]

    @pytest.mark.parametrize(
        "body",
        [
            config_map("web-${S}"),
            config_map(namespace="${S}"),
            config_map(data={"key-${S}": "x"}),
        ],
        ids=["name", "namespace", "key"],
    )
    async def test_an_object_that_is_named_by_it_is_left_out(self, body: dict[str, Any]) -> None:
        """It is applied all the same, so nothing in the cluster is an orphan for that."""
        rendering = await render({"app/a.yaml": service(), "app/c.yaml": body}, sealed=["S"])

        assert names(rendering) == ["Service/web"]
        ((skipped),) = rendering.skipped
        assert (skipped.path, skipped.line, skipped.is_applied) == ("app/c.yaml", 1, True)
        assert "cannot be known" in skipped.reason

    async def test_variables_that_may_come_from_elsewhere_are_sealed(self) -> None:
        """Where a source of them cannot be looked at."""
        made = await only(
            {"app/c.yaml": config_map(data={"a": "${A}", "b": "${B}"})},
            substitute={"A": "1x"},
            sealOthers=True,
        )

        assert made.body["data"] == {"a": "1x", "b": SEALED}


class TestDecryption:
    ENCRYPTED_SECRET = secret(data={"password": ENCRYPTED}) | {"sops": SOPS}

    async def test_encrypted_values_are_sealed(self) -> None:
        """Their keys are compared."""
        rendering = await render({"app/s.yaml": self.ENCRYPTED_SECRET}, decryption=True)

        assert rendering.manifests[0].body == secret(data={"password": SEALED})
        assert "are compared by being there" in remarks(rendering)[0]

    async def test_without_decryption_flux_applies_nothing(self) -> None:
        """It refuses the whole Kustomization, so nothing of it is known to be declared."""
        with pytest.raises(ManifestError, match="Flux applies nothing"):
            await render({"app/a.yaml": service(), "app/s.yaml": self.ENCRYPTED_SECRET})

    async def test_other_kinds_are_applied_encrypted(self) -> None:
        """Only Secrets are guarded."""
        body = config_map(data={"a": ENCRYPTED}) | {"sops": SOPS}

        assert (await only({"app/c.yaml": body})).body == body

    async def test_exempt_secrets_are_applied_encrypted(self) -> None:
        """Whether the Kustomization decrypts or not."""
        body = secret(data={"password": ENCRYPTED}) | {"sops": SOPS}
        body["metadata"]["annotations"] = {"kustomize.toolkit.fluxcd.io/decrypt": "disabled"}

        for decryption in (True, False):
            made = await only({"app/s.yaml": body}, decryption=decryption)
            assert made.body == body

    def generated(self, *, hashed: bool) -> dict[str, Content]:
        options = {} if hashed else {"generatorOptions": {"disableNameSuffixHash": True}}
        return {
            "app/kustomization.yaml": {
                "namespace": "shop",
                "resources": ["web.yaml"],
                "secretGenerator": [
                    {"name": "login", "envs": ["login.env"]},
                    {"name": "login-file", "files": ["key=id_rsa"]},
                ],
                "configMapGenerator": [{"name": "open", "literals": ["a=1"]}],
                **options,
            },
            "app/web.yaml": {
                **deployment(),
                "spec": {
                    "template": {
                        "spec": {
                            "containers": [
                                {"name": "web", "envFrom": [{"secretRef": {"name": "login"}}]}
                            ]
                        }
                    }
                },
            },
            "app/login.env": DOTENV,
            "app/id_rsa": f'{{"data": "{ENCRYPTED}", "sops": {{"mac": "{ENCRYPTED}"}}}}',
        }

    async def test_generated_secrets_are_sealed_by_entry(self) -> None:
        """Where their names carry no hash; what is plain in the file stays plain."""
        rendering = await render(self.generated(hashed=False), decryption=True)

        bodies = {each.ref.name: each.body for each in rendering.manifests}
        assert bodies["login"]["data"] == {"USER": "cGxhaW4=", "PASSWORD": SEALED}
        assert bodies["login-file"]["data"] == {"key": SEALED}
        assert bodies["open"]["data"] == {"a": "1"}
        assert rendering.skipped == ()

    async def test_a_hash_of_encrypted_content_is_not_known(self) -> None:
        """Neither is the Secret's name then, nor who refers to it; others keep their hashes."""
        rendering = await render(self.generated(hashed=True), decryption=True)

        bodies = {each.ref.kind: each.body for each in rendering.manifests}
        containers = bodies["Deployment"]["spec"]["template"]["spec"]["containers"]
        assert containers[0]["envFrom"] == [{"secretRef": {"name": SEALED}}]
        assert bodies["ConfigMap"]["metadata"]["name"].startswith("open-")
        assert sorted(bodies) == ["ConfigMap", "Deployment"]
        assert [each.is_applied for each in rendering.skipped] == [True, True]

    async def test_encrypted_patches_are_applied(self) -> None:
        """What they set is sealed."""
        patch = {
            **secret(data={"extra": ENCRYPTED}),
            "sops": SOPS,
        }
        made = await only(
            {
                "app/kustomization.yaml": {
                    "resources": ["s.yaml"],
                    "patches": [{"path": "patch.yaml"}],
                },
                "app/s.yaml": secret(),
                "app/patch.yaml": yaml.safe_dump(patch),
            },
            decryption=True,
        )

        assert made.body["data"] == {**secret()["data"], "extra": SEALED}

    async def test_generated_config_maps_are_not_decrypted(self) -> None:
        """Flux decrypts for Secrets and patches alone."""
        made = await only(
            {
                "app/kustomization.yaml": {
                    "configMapGenerator": [{"name": "open", "files": ["login.env"]}],
                    "generatorOptions": {"disableNameSuffixHash": True},
                },
                "app/login.env": DOTENV,
            },
            decryption=True,
        )

        assert made.body["data"] == {"login.env": DOTENV}


class TestRemembering:
    async def test_is_remembered_with_its_remarks(self, tmp_path: Path) -> None:
        """A rendering from the cache says the same."""
        files: dict[str, Content] = {
            "app/c.yaml": config_map(data={"a": "${S}${MISSING}"}),
            "app/d.yaml": config_map("d-${S}"),
        }
        cached = CachedRenderer(FluxRenderer(), RenderCache(tmp_path))
        asked = request("app", sealed=["S"])

        first = await cached.render(folder(files), asked)
        second = await cached.render(folder(files), asked)

        assert first == second
        assert (len(first.remarks), len(first.skipped)) == (2, 1)

    async def test_other_variables_are_another_rendering(self) -> None:
        """The seal covers every option."""
        tree = folder({"app/c.yaml": config_map()})
        renderer = FluxRenderer()
        many: list[dict[str, Any]] = [
            {},
            {"substitute": {"A": "1"}},
            {"substitute": {"A": "2"}},
            {"sealed": ["A"]},
            {"decryption": True},
            {"commonMetadata": {"labels": {"a": "b"}}},
            {"overlay": {"namespace": "x"}},
        ]

        seals = {(await renderer.plan(tree, request("app", **each))).seal for each in many}

        assert len(seals) == len(many)


async def test_a_wrong_variable_is_refused() -> None:
    """As by Flux."""
    with pytest.raises(ManifestError, match="no variable's name"):
        await render({"app/c.yaml": config_map()}, substitute={"1-x": "y"})
