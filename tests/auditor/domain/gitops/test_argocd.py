"""What an Application has applied, field by field."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.gitops.argocd import read_application
from auditor.domain.gitops.branch import Branch, DeadEnd, Destination, Mount
from auditor.domain.manifest import manifest_from
from tests.auditor.domain.gitops.argocd_objects import (
    GIT,
    application,
    branch,
    called_for,
    chart,
    reason,
    settings,
    source,
)
from tests.auditor.domain.gitops.flux_objects import Around
from tests.builders import CLUSTER

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def variables(body: dict[str, Any], *around: dict[str, Any]) -> dict[str, str]:
    """The build environment of an Application's source, without the common beginning of the names."""
    known: dict[str, str] = branch(body, *around).options["variables"]
    return {name.removeprefix("ARGOCD_APP_"): value for name, value in known.items()}


class TestSources:
    def test_a_source_is_one_branch(self) -> None:
        """Its path in its repository, for the renderer that stands for Argo CD."""
        found = branch(application())

        assert found.files == (Mount(url=GIT, revision="main"),)
        assert (found.path, found.renderer, found.namespace) == ("apps/web", "argocd", "shop")
        assert found.destination == Destination(server="https://kubernetes.default.svc")
        assert found.options["application"] == "web"

    @pytest.mark.parametrize("revision", ["HEAD", "", None])
    def test_the_default_revision_is_the_one_that_is_followed(self, revision: str | None) -> None:
        """``HEAD`` and nothing mean the same."""
        found = branch(application(source=source(targetRevision=revision)))

        assert found.files[0].revision == ""

    def test_several_sources_win_over_one(self) -> None:
        """Each is a branch, named by its name or by its place."""
        sources = [source(path="a"), source(path="b", name="second")]

        found = called_for(application(source=source(path="c"), sources=sources))

        assert [(each.name, each.path) for each in found if isinstance(each, Branch)] == [
            ("1", "a"),
            ("second", "b"),
        ]

    def test_a_source_may_lend_its_files(self) -> None:
        """One that only lends is no branch; it is seen at its name by who refers to it."""
        helm = {"valueFiles": ["$values/prod.yaml", "own.yaml"]}
        lender = {
            "repoURL": "https://git.example.com/values",
            "targetRevision": "v1",
            "ref": "values",
        }

        found = branch(application(sources=[source(helm=helm), lender]))

        assert found.name == ""
        assert found.files == (
            Mount(url=GIT, revision="main"),
            Mount(url="https://git.example.com/values", revision="v1", at="$values"),
        )
        assert found.options["refs"] == ["$values"]

    def test_a_source_may_lend_and_have_content(self) -> None:
        """With a path it is a branch as well."""
        helm = {"fileParameters": [{"name": "x", "path": "$other/x.txt"}]}
        sources = [chart(helm=helm), source(path="manifests", ref="other")]

        first, second = called_for(application(sources=sources))

        assert isinstance(first, Branch)
        assert first.files == (Mount(url=GIT, revision="main", at="$other"),)
        assert isinstance(second, Branch)
        assert second.path == "manifests"

    def test_files_that_nobody_refers_to_are_not_needed(self) -> None:
        """A lender that cannot be reached harms those only who need it."""
        sources = [source(), {"repoURL": "https://git.example.com/values", "ref": "values"}]

        assert branch(application(sources=sources)).files == (Mount(url=GIT, revision="main"),)

    def test_a_hydrated_branch_is_what_is_applied(self) -> None:
        """The branch that the hydrator writes, of the repository that it reads unless another is named."""
        hydrator = {
            "drySource": {"repoURL": GIT, "path": "charts/web", "targetRevision": "HEAD"},
            "syncSource": {"targetBranch": "environments/prod", "path": "web"},
            "hydrateTo": {"targetBranch": "environments/prod-next"},
        }

        found = branch(application(sourceHydrator=hydrator))

        assert found.files == (Mount(url=GIT, revision="environments/prod"),)
        assert found.path == "web"

    def test_what_is_said_to_a_tool_is_handed_on(self) -> None:
        """In the words of the spec, because files beside the content may change it."""
        kustomize = {"namePrefix": "prod-"}

        found = branch(application(source=source(kustomize=kustomize)))

        assert found.options["source"] == {"kustomize": kustomize}


class TestCharts:
    def test_a_chart_of_a_repository_needs_no_files(self) -> None:
        """Its address stands in the options."""
        found = branch(application(source=chart()))

        assert found.files == ()
        address = {"repository": "https://charts.example.com", "chart": "web", "version": "1.2.3"}
        assert address.items() <= found.options.items()

    @pytest.mark.parametrize(
        ("url", "name", "repository", "chart_name"),
        [
            ("registry.example.com/charts", "web", "oci://registry.example.com/charts", "web"),
            (
                "oci://registry.example.com",
                "charts/web",
                "oci://registry.example.com/charts",
                "web",
            ),
        ],
    )
    def test_a_registry_is_named_with_and_without_its_scheme(
        self, url: str, name: str, repository: str, chart_name: str
    ) -> None:
        """The name of the chart may be a path."""
        found = branch(application(source=chart(repoURL=url, chart=name)))

        assert found.options["repository"] == repository
        assert found.options["chart"] == chart_name

    def test_a_chart_needs_its_version(self) -> None:
        """Argo CD refuses one without."""
        assert "targetRevision" in reason(application(source=chart(targetRevision="")))


class TestArtifacts:
    """Files in a registry, of which only the registry knows whether they are a chart."""

    URL = "oci://registry.example.com/team/web"

    def test_files_below_a_path_are_no_chart(self) -> None:
        """They are read where the artifact is configured, and nowhere else."""
        found = branch(application(source=source(repoURL=self.URL, targetRevision="1.2.3")))

        assert found.files == (Mount(url=self.URL, revision="1.2.3"),)
        assert (found.path, found.otherwise) == ("apps/web", None)
        assert "chart" not in found.options

    @pytest.mark.parametrize("revision", ["1.2.3", "^1.2.0", "1.x", "*"])
    def test_what_may_be_a_chart_is_one_unless_it_is_configured(self, revision: str) -> None:
        """The last part of the address is its name."""
        at_root = source(repoURL=self.URL, path=".", targetRevision=revision)

        found = branch(application(source=at_root))

        assert found.files == (Mount(url=self.URL, revision=revision),)
        assert found.otherwise is not None
        assert found.otherwise.files == ()
        assert found.otherwise.options["repository"] == "oci://registry.example.com/team"
        assert found.otherwise.options["chart"] == "web"
        assert found.otherwise.options["version"] == revision

    @pytest.mark.parametrize(
        "fields",
        [
            {"targetRevision": "latest"},
            {"targetRevision": f"sha256:{'0' * 64}"},
            {"targetRevision": "1.2.3", "kustomize": {"namePrefix": "x-"}},
            {"targetRevision": "1.2.3", "directory": {"recurse": True}},
        ],
    )
    def test_what_can_be_no_chart_is_files(self, fields: dict[str, Any]) -> None:
        """Charts are tagged with versions, and made by helm."""
        found = branch(application(source=source(repoURL=self.URL, path=".") | fields))

        assert found.otherwise is None

    def test_an_artifact_needs_a_tag_or_digest(self) -> None:
        """Which Argo CD refuses to guess."""
        said = reason(application(source=source(repoURL=self.URL, targetRevision="")))

        assert said == "spec.source.targetRevision is needed for an artifact"


class TestVariables:
    def test_what_the_application_says_is_known(self) -> None:
        """By the names that Argo CD gives."""
        assert variables(application(project="shop")) == {
            "NAME": "web",
            "NAMESPACE": "shop",
            "PROJECT_NAME": "shop",
            "SOURCE_PATH": "apps/web",
            "SOURCE_REPO_URL": GIT,
            "SOURCE_TARGET_REVISION": "main",
        }

    def test_a_full_commit_is_known(self) -> None:
        """It cannot move."""
        known = variables(application(source=source(targetRevision=COMMIT)))

        assert (known["REVISION"], known["REVISION_SHORT"]) == (COMMIT, "0123456")
        assert known["REVISION_SHORT_8"] == "01234567"

    def test_the_version_of_a_chart_is_its_revision(self) -> None:
        """Where it is one version, and no range."""
        assert variables(application(source=chart()))["REVISION"] == "1.2.3"
        assert "REVISION" not in variables(application(source=chart(targetRevision="1.x")))

    def test_an_application_elsewhere_is_called_with_its_namespace(self) -> None:
        """Where Argo CD is known to live in another one; a release has the name alone."""
        body = application(namespace="team")

        elsewhere, own = branch(body, settings()), branch(body, settings("team"))

        assert (elsewhere.options["application"], elsewhere.options["release"]) == (
            "team_web",
            "web",
        )
        assert own.options["application"] == "web"


class TestSettings:
    def test_argo_cd_says_how_often_it_looks(self) -> None:
        """In its settings, or as it does without."""
        told = settings(**{"timeout.reconciliation": "10m"})

        assert branch(application()).interval == timedelta(minutes=3)
        assert branch(application(), told).interval == timedelta(minutes=10)

    def test_argo_cd_says_whether_charts_are_inflated(self) -> None:
        """By a flag of kustomize in its settings."""
        told = settings(**{"kustomize.buildOptions": "--enable-helm --load-restrictor=x"})

        assert "inflate" not in branch(application()).options
        assert branch(application(), told).options["inflate"] is True


class TestDeadEnds:
    @pytest.mark.parametrize(
        ("spec", "said"),
        [
            (
                {"source": source(plugin={"name": "vault"})},
                "the plugin vault, which runs in Argo CD",
            ),
            ({"source": source(plugin={})}, "rendered by the plugin, which"),
            ({"source": source(helm={}, kustomize={})}, "several tools at once: kustomize, helm"),
            (
                {"source": source(directory={"jsonnet": {"libs": ["x"]}})},
                "Jsonnet is not evaluated",
            ),
            ({"source": source(helm={"version": "v2"})}, "version is v2"),
            ({"source": source(path="/apps")}, "starts with a slash"),
            ({"source": source(path=None)}, "neither path nor chart"),
            ({"source": {"path": "x"}}, "source.repoURL is missing"),
            ({"source": source(path=["x"])}, "spec.source.path is no text"),
            ({"source": source(tagPrefix="web/", targetRevision="1.*")}, "tagPrefix"),
            ({"sources": ["x"]}, "spec.sources[0] is no mapping"),
            ({"sources": [source(path=None, ref="x")]}, "no source with a path or a chart"),
            ({"source": None}, "no source with a path or a chart"),
            ({"sourceHydrator": {"drySource": source()}}, "needs targetBranch and path"),
            ({"destination": {}}, "neither name nor server"),
            ({"destination": {"name": "a", "server": "b"}}, "both name and server"),
        ],
    )
    def test_what_argo_cd_would_not_apply_is_told(self, spec: dict[str, Any], said: str) -> None:
        """With its place, and nothing is taken for declared."""
        assert said in reason(application(**spec))

    def test_empty_jsonnet_is_none(self) -> None:
        """Argo CD's page writes the field where nobody asked for it."""
        directory = {"jsonnet": {}, "recurse": True}

        (found,) = called_for(application(source=source(directory=directory)))

        assert isinstance(found, Branch)

    def test_what_depends_on_the_commit_is_told(self) -> None:
        """A parameter may decide anything."""
        helm = {"parameters": [{"name": "tag", "value": "$ARGOCD_APP_REVISION_SHORT"}]}

        (found,) = called_for(application(source=source(helm=helm, targetRevision=COMMIT)))

        assert "$ARGOCD_APP_REVISION_SHORT" in reason(application(source=source(helm=helm)))
        assert isinstance(found, Branch)

    def test_one_bad_source_leaves_the_others(self) -> None:
        """Each is told for itself."""
        good, bad = called_for(application(sources=[source(), source(plugin={"name": "x"})]))

        assert isinstance(good, Branch)
        assert isinstance(bad, DeadEnd)
        assert bad.name == "2"

    def test_an_application_that_is_being_deleted_declares_nothing(self) -> None:
        """What it applied may go with it."""
        body = application()
        body["metadata"]["deletionTimestamp"] = "2026-01-02T03:04:05Z"

        assert "being deleted" in reason(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
TOOL = st.dictionaries(
    st.sampled_from(
        [
            "values",
            "valuesObject",
            "valueFiles",
            "parameters",
            "fileParameters",
            "images",
            "patches",
            "commonLabels",
            "replicas",
            "jsonnet",
            "recurse",
            "name",
            "kubeVersion",
            "apiVersions",
        ]
    ),
    JSON | st.lists(st.dictionaries(st.sampled_from(["name", "value", "path", "count"]), JSON)),
)
SOURCE = st.dictionaries(
    st.sampled_from(["repoURL", "path", "chart", "targetRevision", "ref", "name"]), JSON
) | st.builds(lambda one, two: source() | one | two, *(
    st.dictionaries(st.sampled_from(["helm", "kustomize", "directory", "plugin"]), TOOL),
    st.dictionaries(st.sampled_from(["chart", "ref", "targetRevision"]), st.text(max_size=8)),
))  # fmt: skip
SPEC = st.fixed_dictionaries(
    {},
    optional={
        "source": SOURCE | JSON,
        "sources": st.lists(SOURCE, max_size=3) | JSON,
        "sourceHydrator": st.dictionaries(st.sampled_from(["drySource", "syncSource"]), SOURCE)
        | JSON,
        "destination": st.just({"name": "in-cluster"}) | JSON,
        "project": JSON,
    },
)


@given(spec=SPEC | JSON, data=JSON)
def test_nothing_that_an_application_holds_makes_the_reader_fail(spec: Any, data: Any) -> None:
    """Anything is read to branches and dead ends, and to at least one of them."""
    body = application() | {"spec": spec}
    around = Around([settings() | {"data": data}])

    found = list(read_application(manifest_from(body, cluster=CLUSTER), around))

    assert found
    assert all(isinstance(each, DeadEnd) or each.renderer == "argocd" for each in found)
