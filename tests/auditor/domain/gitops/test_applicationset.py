"""What ApplicationSets call for is read from them, and what cannot be known is named."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.gitops.applicationset import read_application_set
from auditor.domain.gitops.branch import Branch, DeadEnd, Mount
from auditor.domain.manifest import SEALED, manifest_from
from auditor.plugins import parse_options
from auditor.renderers.applicationset.renderer import ApplicationSetRenderer
from tests.auditor.renderers.applicationset.sets import (
    FILE,
    GIT,
    Around,
    application_set,
    branch_of,
    called_for,
    cluster,
    clusters,
    controller_settings,
    elements,
    files,
    folders,
    matrix,
    merge,
)
from tests.builders import CLUSTER

OTHER = "https://git.example.com/other.git"
PULLS: dict[str, Any] = {"pullRequest": {"github": {"owner": "x", "repo": "y"}}}
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["git", "list", "matrix", "generators", "repoURL", "clusters", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=20,
)


def reasons(body: dict[str, Any], *around: dict[str, Any]) -> list[str]:
    """Why parts of a set cannot be known."""
    return [each.reason for each in called_for(body, *around) if isinstance(each, DeadEnd)]


class TestBranch:
    def test_holds_the_set_and_its_place(self) -> None:
        """Its Applications are rendered from its own file where nothing else is needed."""
        body = application_set(elements("dev"))

        branch = branch_of(body | {"status": {"conditions": []}})

        assert (branch.renderer, branch.path, branch.namespace) == (
            "applicationset",
            FILE,
            "argocd",
        )
        assert branch.files == (Mount(),)
        assert branch.interval is None
        assert (branch.options["file"], branch.options["line"]) == (FILE, 3)
        assert branch.options["applicationSet"] == {
            "metadata": {"name": "shops", "namespace": "argocd"},
            "spec": body["spec"],
        }

    def test_mounts_each_repository_once(self) -> None:
        """Each address and revision at a folder of its own, also those of inner generators."""
        other = files("*.yaml")
        other["git"] |= {"repoURL": OTHER, "revision": "v1"}
        body = application_set(folders("a/*"), files("b/*"), matrix(elements("x"), other))

        branch = branch_of(body)

        assert branch.files == (
            Mount(),
            Mount(url=GIT, revision="HEAD", at="$0"),
            Mount(url=OTHER, revision="v1", at="$1"),
        )
        assert branch.options["repositories"] == [
            {"url": GIT, "revision": "HEAD", "at": "$0"},
            {"url": OTHER, "revision": "v1", "at": "$1"},
        ]
        assert branch.path == "", "any file may matter: a new folder is a new Application"

    def test_of_a_set_that_only_lives_has_no_file(self) -> None:
        """Nor a repository of its own."""
        manifest = manifest_from(application_set(folders("a/*")), cluster=CLUSTER)

        (branch,) = read_application_set(manifest, Around())

        assert isinstance(branch, Branch)
        assert branch.files == (Mount(url=GIT, revision="HEAD", at="$0"),)
        assert "file" not in branch.options

    def test_knows_how_often_git_is_looked_at(self) -> None:
        """As the most frequent generator says, and every three minutes unless told."""
        slow, quick = folders("a"), folders("b", requeueAfterSeconds=30)

        assert branch_of(application_set(slow)).interval == timedelta(minutes=3)
        assert branch_of(application_set(slow, quick)).interval == timedelta(seconds=30)

    def test_has_options_that_the_renderer_takes(self) -> None:
        """Whatever there is of them."""
        branch = branch_of(
            application_set(folders("a"), clusters()),
            cluster("dev", "https://1.2.3.4"),
            controller_settings(**{"reposerver.include.hidden.directories": "true"}),
        )

        options = parse_options(ApplicationSetRenderer, branch.options, place="options")

        assert options.hidden_folders
        assert not options.strict_globs
        assert [each.name for each in options.clusters] == ["dev"]

    def test_is_there_for_a_set_without_generators(self) -> None:
        """It makes no Applications, which is known."""
        assert branch_of(application_set()).options["applicationSet"]["spec"]["generators"] == []


class TestClusters:
    def test_tell_nothing_secret(self) -> None:
        """No credentials, neither those of the Secret nor those that kubectl repeats."""
        dev = cluster("dev", "https://1.2.3.4", env="dev")
        last = "kubectl.kubernetes.io/last-applied-configuration"
        dev["metadata"]["annotations"] = {last: '{"stringData": "hunter2"}', "team": "a"}

        branch = branch_of(application_set(clusters()), dev)

        assert "hunter2" not in json.dumps(branch.options)
        assert "bearerToken" not in json.dumps(branch.options)
        (told,) = branch.options["clusters"]
        assert (told["name"], told["server"]) == ("dev", "https://1.2.3.4")
        assert told["annotations"] == {last: "", "team": "a"}
        assert told["labels"]["env"] == "dev"

    def test_are_those_of_the_own_namespace_if_it_has_any(self) -> None:
        """Several Argo CDs may share a cluster; a set may also lie beside none."""
        near, far = cluster("a", "https://a"), cluster("b", "https://b", namespace="other")
        body = application_set(clusters())

        def names(*around: dict[str, Any]) -> list[str]:
            return [each["name"] for each in branch_of(body, *around).options["clusters"]]

        assert names(near, far) == ["a"]
        assert names(far) == ["b"]

    def test_are_secrets_with_the_label(self) -> None:
        """Other Secrets are not looked at."""
        plain = cluster("a", "https://a")
        plain["metadata"]["labels"] = {}

        assert branch_of(application_set(clusters()), plain).options["clusters"] == []

    def test_may_be_written_as_plain_text(self) -> None:
        """As a Secret in Git may be."""
        plain = cluster("a", "https://a")
        del plain["data"]
        plain["stringData"] = {"name": "dev", "server": "https://1.2.3.4"}

        (told,) = branch_of(application_set(clusters()), plain).options["clusters"]

        assert (told["name"], told["server"]) == ("dev", "https://1.2.3.4")

    def test_that_cannot_be_read_leave_only_their_generators_unknown(self) -> None:
        """An encrypted Secret does not say which cluster it is."""
        sealed = cluster("dev", "https://1.2.3.4")
        sealed["data"] = dict.fromkeys(("name", "server", "config"), SEALED)

        assert reasons(application_set(elements("a")), sealed) == []
        assert reasons(application_set(matrix(elements("a"), clusters())), sealed) == [
            "generator 1: clusters needs the Secret argocd/cluster-dev, which cannot be read"
        ]


class TestDeadEnds:
    @pytest.mark.parametrize(
        ("generator", "reason"),
        [
            (PULLS, "pullRequest asks a Git server for its pull requests"),
            ({"scmProvider": {}}, "scmProvider asks a Git server for its repositories"),
            ({"plugin": {}}, "plugin asks a program outside"),
            ({"clusterDecisionResource": {}}, "clusterDecisionResource asks a resource"),
            ({"oci": {}}, "oci asks a registry"),
            ({"fromTheFuture": {}}, "fromTheFuture is no generator that is known"),
            ({}, "names no kind of generator"),
            (7, "names no kind of generator"),
            (matrix(elements("a"), PULLS), "pull requests (in a matrix)"),
            (merge(elements("a"), matrix(PULLS, elements("b"))), "(in a matrix) (in a merge)"),
            ({"git": {"directories": []}}, "git names no repository"),
        ],
    )
    def test_are_named(self, generator: Any, reason: str) -> None:
        """With their place in the set."""
        (told,) = reasons(application_set(generator))

        assert told.startswith("generator 1: ")
        assert reason in told

    @pytest.mark.parametrize("field", ["repoURL", "revision"])
    def test_are_repositories_that_another_generator_names(self, field: str) -> None:
        """Which ones, the tree would have to be known for."""
        git = folders("a/*")
        git["git"][field] = "{{url}}"

        (told,) = reasons(application_set(matrix(elements("a"), git)))

        assert f"git has a {field} that depends on another generator" in told

    def test_leave_the_other_generators(self) -> None:
        """Those are rendered without what cannot be known."""
        dead, branch = called_for(application_set(PULLS, elements("a")))

        assert isinstance(dead, DeadEnd)
        assert isinstance(branch, Branch)
        assert branch.options["applicationSet"]["spec"]["generators"] == [elements("a")]

    def test_alone_leave_nothing_to_render(self) -> None:
        """Nothing would be expected, which would not be true."""
        assert len(called_for(application_set(PULLS))) == 1


@given(spec=ODD, generators=ODD)
def test_a_set_of_odd_shape_does_no_harm(spec: Any, generators: Any) -> None:
    """Objects come as they are; what is read is plain JSON values."""
    body = application_set()
    body["spec"] = {"generators": generators, "template": spec}

    for each in called_for(body, cluster("dev", "https://1.2.3.4")):
        assert isinstance(each, DeadEnd | Branch)
        if isinstance(each, Branch):
            parse_options(ApplicationSetRenderer, each.options, place="options")
