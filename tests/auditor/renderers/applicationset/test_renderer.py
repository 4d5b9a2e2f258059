"""ApplicationSets render to their Applications; what only a cluster or a service knows is never guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.app.renderers import load_renderers
from auditor.errors import ManifestError
from auditor.ports import RenderRequest
from auditor.renderers.applicationset.renderer import ApplicationSetRenderer
from tests.auditor.renderers.applicationset.sets import (
    FILE,
    GIT,
    GO,
    application_set,
    branch_of,
    cluster,
    clusters,
    controller_settings,
    elements,
    files,
    folders,
    joined,
    matrix,
    merge,
    names,
    rendered,
    request_of,
    template,
)
from tests.auditor.renderers.folders import folder
from tests.builders import CLUSTER

APPS = {"apps/a/k.yaml": "x: 1\n", "apps/b/k.yaml": "x: 2\n", "apps/.c/k.yaml": "x: 3\n"}
ALWAYS = {"finalizers": ["resources-finalizer.argocd.argoproj.io"]}


class TestApplications:
    async def test_are_complete(self) -> None:
        """With the set's namespace and finalizer, and the place of the set as their own."""
        (made,) = (await rendered(application_set(elements("dev")))).manifests

        assert made.body == {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": "dev", "namespace": "argocd", **ALWAYS},
            "spec": template()["spec"],
        }
        assert made.origin is not None
        assert (made.origin.repository, made.origin.path, made.origin.line) == ("platform", FILE, 3)
        assert (made.ref.cluster, made.ref.namespace) == (CLUSTER, "argocd")

    async def test_keep_what_they_deploy_if_the_set_says_so(self) -> None:
        """Then nothing is added to their finalizers."""
        body = application_set(
            elements("dev"),
            syncPolicy={"preserveResourcesOnDeletion": True, "applicationsSync": "sync"},
        )

        (made,) = (await rendered(body)).manifests

        assert "finalizers" not in made.metadata

    async def test_keep_their_own_finalizers(self) -> None:
        """A template that names any has decided."""
        body = application_set(elements("dev"), template=template(finalizers=["example.com/x"]))

        (made,) = (await rendered(body)).manifests

        assert made.metadata["finalizers"] == ["example.com/x"]

    async def test_say_nothing_of_what_is_empty(self) -> None:
        """Upstream writes no empty fields, but for those that mean something."""
        described = template()
        described["spec"] |= {
            "project": "",
            "syncPolicy": {"automated": {}, "syncOptions": []},
            "info": None,
        }
        described["spec"]["source"] |= {
            "directory": {"recurse": False},
            "kustomize": {"commonLabels": {"a": ""}},
        }

        (made,) = (await rendered(application_set(elements("dev"), template=described))).manifests

        spec = made.body["spec"]
        assert spec["project"] == "default"
        assert spec["syncPolicy"] == {"automated": {}}
        assert spec["source"].keys() == {"repoURL", "path", "targetRevision", "kustomize"}

    async def test_may_be_patched(self) -> None:
        """As a merge patch; the project is not to be had this way."""
        patch = "spec: {project: mine, source: {path: {{name}}-x}, destination: {namespace: null}}"
        body = application_set(
            elements("dev"), templatePatch=patch.replace("{{", '"{{').replace("-x", '-x"')
        )

        (made,) = (await rendered(body)).manifests

        assert made.body["spec"]["project"] == "default"
        assert made.body["spec"]["source"]["path"] == "dev-x"
        assert "namespace" not in made.body["spec"]["destination"]

    @pytest.mark.parametrize("patch", ["[]", "x", "a: [", "$retainKeys: [x]"])
    async def test_are_not_patched_with_what_is_no_patch(self, patch: str) -> None:
        """The set is refused as a whole."""
        with pytest.raises(ManifestError):
            await rendered(application_set(elements("dev"), templatePatch=patch))


class TestNames:
    async def test_two_of_one_name_are_refused(self) -> None:
        """Argo CD makes neither; nothing can be said of them."""
        with pytest.raises(ManifestError, match=r"shops.yaml:3: ApplicationSet shops: .* name dev"):
            await rendered(application_set(elements("dev", "dev")))

    async def test_none_is_refused(self) -> None:
        """A set cannot know an Application without a name again."""
        with pytest.raises(ManifestError, match="without a name"):
            await rendered(application_set(elements(""), template=template()))

    async def test_an_impossible_one_is_left_out(self) -> None:
        """What Kubernetes refuses never comes to be; the others do."""
        rendering = await rendered(application_set(elements("good", "Not_Good")))

        assert [each.ref.name for each in rendering.manifests] == ["good"]
        assert [each.reason for each in rendering.skipped] == [
            "Kubernetes takes no Application of the name 'Not_Good'. Check metadata.name"
        ]


class TestMissingParameters:
    async def test_are_remarked(self) -> None:
        """The Application is what upstream makes of it."""
        rendering = await rendered(
            application_set(elements("dev"), template=template(path="{{x}}"))
        )

        assert rendering.manifests[0].body["spec"]["source"]["path"] == "{{x}}"
        assert [each.text for each in rendering.remarks] == [
            "a parameter is missing in spec.source.path of Application dev. Add it."
        ]

    @pytest.mark.usefixtures("gotemplate")
    async def test_print_as_no_value_in_go(self) -> None:
        """And the remark says how to have that refused."""
        body = application_set(
            elements("dev"), template=template(name="{{.name}}", path="a/{{.x}}"), **GO
        )

        rendering = await rendered(body)

        assert rendering.manifests[0].body["spec"]["source"]["path"] == "a/<no value>"
        assert "missingkey=error" in rendering.remarks[0].text

    @pytest.mark.usefixtures("gotemplate")
    async def test_are_refused_if_the_set_says_so(self) -> None:
        """As the controller does."""
        body = application_set(
            elements("dev"),
            template=template(name="{{.x}}"),
            goTemplateOptions=["missingkey=error"],
            **GO,
        )

        with pytest.raises(ManifestError, match='map has no entry for key "x"'):
            await rendered(body)


class TestGenerators:
    async def test_folders(self) -> None:
        """Those whose path fits, but for hidden ones and those that are excluded."""
        body = application_set(
            folders("apps/*", exclude="apps/b"), template=template(name="{{path.basename}}")
        )

        assert await names(body, repository=APPS) == ["a"]

    async def test_hidden_folders_if_the_controller_looks_at_them(self) -> None:
        """As its settings say, where they are to be seen."""
        body = application_set(
            folders("apps/*"), template=template(name="{{path.basenameNormalized}}")
        )
        settings = controller_settings(**{"reposerver.include.hidden.directories": "true"})

        assert await names(body, settings, repository=APPS) == ["c", "a", "b"]

    async def test_files_by_either_kind_of_pattern(self) -> None:
        """Stars cross folders, unless the controller is set up to be strict."""
        repository = {"x/one.json": '{"name": "one"}', "x/y/two.json": '[{"name": "two"}]'}
        key = "applicationsetcontroller.enable.new.git.file.globbing"
        body = application_set(files("x/*.json"))

        assert await names(body, repository=repository) == ["one", "two"]
        assert await names(body, controller_settings(**{key: "true"}), repository=repository) == [
            "one"
        ]

    @pytest.mark.parametrize("content", ["just text", "[1, 2]", "a: [", "a: 1\na: 2\n"])
    async def test_files_that_hold_no_parameters_are_named(self, content: str) -> None:
        """With their place."""
        with pytest.raises(ManifestError, match=r"x/broken\.yaml"):
            await rendered(application_set(files("x/*")), repository={"x/broken.yaml": content})

    async def test_clusters_with_the_one_that_argo_cd_runs_on(self) -> None:
        """It is there without a Secret, unless a label is asked for or a Secret names it."""
        dev = cluster("dev", "https://1.2.3.4", env="dev")
        itself = cluster("home", "https://kubernetes.default.svc")
        chosen = clusters(selector={"matchLabels": {"env": "dev"}})

        assert await names(application_set(clusters()), dev) == ["dev", "in-cluster"]
        assert await names(application_set(clusters()), itself) == ["home"]
        assert await names(application_set(chosen), dev, itself) == ["dev"]

    async def test_combinations(self) -> None:
        """A matrix multiplies, a merge overrides; a selector chooses among the results."""
        product = matrix(elements("a", "b"), elements({"zone": "x"}, {"zone": "y"}))
        chosen = product | {"selector": {"matchLabels": {"zone": "y"}}}
        merged = merge(elements("a", "b"), elements({"name": "b", "zone": "z"}, "c"))
        both = template(name="{{name}}-{{zone}}")

        assert await names(application_set(product, template=both)) == [
            *("a-x", "a-y"),
            *("b-x", "b-y"),
        ]
        assert await names(application_set(chosen, template=both)) == ["a-y", "b-y"]
        assert await names(application_set(merged)) == ["a", "b"]

    @pytest.mark.parametrize(
        ("generator", "reason"),
        [
            (matrix(elements("a")), "takes two"),
            (merge(elements("a")), "takes two or more"),
            (merge(elements("a"), elements("b"), keys=()), "no mergeKeys"),
            (merge(elements("a", "a"), elements("b")), "twice"),
            (matrix(elements("a"), elements("b")), "both generators of a matrix have name"),
            (matrix({**elements("a"), **clusters()}, elements({"z": "1"})), "Give it one"),
            (matrix(matrix(matrix(elements("a"), elements({"b": "c"})), elements({"d": "e"})),
                    elements({"f": "g"})), "no generators that can stand there"),
            (elements({"name": 7}), "no text"),
            (elements("a", elementsYaml="x: y"), "no list of mappings"),
            (folders() | {"git": {"repoURL": GIT, "revision": "HEAD"}}, "neither directories nor"),
            (elements("a") | {"selector": {"matchExpressions": [{"key": "x", "operator": "In"}]}},
             "needs values"),
            (elements("a") | {"selector": {"matchExpressions": [{"key": "x", "operator": "Near"}]}},
             "has the operator 'Near'"),
            (elements("a") | {"selector": {"matchLabels": {"x y": "z"}}}, "no name of a label"),
            (clusters(selector={"matchLabels": {"x": "a b"}}), "which no label can be"),
        ],
    )  # fmt: skip
    async def test_what_the_controller_refuses_is_refused(
        self, generator: dict[str, Any], reason: str
    ) -> None:
        """The set as a whole, with its place, the reason and often a remedy."""
        with pytest.raises(ManifestError, match=reason) as refused:
            await rendered(application_set(generator), repository=APPS)

        assert (refused.value.path, refused.value.line) == (FILE, 3)

    async def test_git_needs_a_project(self) -> None:
        """By which the controller looks at repositories."""
        body = application_set(folders("apps/*"))
        del body["spec"]["template"]["spec"]["project"]

        with pytest.raises(ManifestError, match=r"needs spec\.template\.spec\.project"):
            await rendered(body, repository=APPS)


class TestProgram:
    async def test_is_not_needed_without_go_templates(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where it is missing, such sets work all the same."""
        self.take_away(monkeypatch)

        assert await names(application_set(elements("dev"))) == ["dev"]

    async def test_is_named_where_it_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """With how to get it."""
        self.take_away(monkeypatch)

        with pytest.raises(ManifestError, match=r"auditor-gotemplate .* make gotemplate"):
            await rendered(application_set(elements("dev"), **GO))

    async def test_that_speaks_nonsense_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing is made of what it says."""
        program = tmp_path / "auditor-gotemplate"
        program.write_text("#!/bin/sh\necho nonsense\n")
        program.chmod(0o755)
        monkeypatch.setattr("sys.executable", str(tmp_path / "python"))

        with pytest.raises(ManifestError, match="auditor-gotemplate failed"):
            await rendered(application_set(elements("dev"), **GO))

    @staticmethod
    def take_away(monkeypatch: pytest.MonkeyPatch) -> None:
        """Have no program anywhere."""
        monkeypatch.setattr("sys.executable", "/nowhere/python")
        monkeypatch.setenv("PATH", "/nowhere")


class TestPlan:
    async def plan_of(
        self, body: dict[str, Any], repository: dict[str, str]
    ) -> tuple[str, set[str]]:
        """The seal of a set, and what would be read."""
        tree = folder({FILE: "x"} | repository)
        branch = branch_of(body)
        plan = await ApplicationSetRenderer().plan(
            joined(branch, {"": tree, GIT: tree}), request_of(branch)
        )
        return plan.seal, set(plan.read)

    async def test_of_folders_changes_with_their_names_alone(self) -> None:
        """A new folder is another set; new content of a file is not."""
        body = application_set(folders("apps/*"))
        before, read = await self.plan_of(body, APPS)

        assert read == set()
        assert (await self.plan_of(body, APPS | {"apps/a/k.yaml": "x: 9\n"}))[0] == before
        assert (await self.plan_of(body, APPS | {"apps/new/k.yaml": "x"}))[0] != before

    async def test_of_files_changes_with_what_may_be_read(self) -> None:
        """All below the part of the pattern that is written out."""
        body = application_set(files("apps/a/*.yaml"))
        before, read = await self.plan_of(body, APPS)

        assert read == {"$0/apps/a/k.yaml"}
        assert (await self.plan_of(body, APPS | {"apps/a/k.yaml": "x: 9\n"}))[0] != before
        assert (await self.plan_of(body, APPS | {"apps/b/k.yaml": "x: 9\n"}))[0] == before

    async def test_is_remembered(self, tmp_path: Path) -> None:
        """Like those of other renderers, with remarks and places."""
        (renderer,) = load_renderers(["applicationset"], tmp_path).values()
        branch = branch_of(application_set(elements("dev"), template=template(path="{{x}}")))
        tree = folder({FILE: "x"})

        first = await renderer.render(tree, request_of(branch))
        again = await renderer.render(tree, request_of(branch))

        assert first == again
        assert len(again.remarks) == 1

    async def test_needs_options(self) -> None:
        """Without a set there is nothing to render."""
        with pytest.raises(ManifestError, match="applicationSet"):
            await ApplicationSetRenderer().render(
                folder({FILE: "x"}), RenderRequest(path=FILE, cluster=CLUSTER)
            )
