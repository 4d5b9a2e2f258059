"""What an Application says to helm and kustomize, as options of their renderers."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.domain.gitops.argocd_fields import Fields, Unknowable
from auditor.domain.gitops.argocd_helm import escape
from auditor.domain.gitops.argocd_kustomize import image
from auditor.domain.gitops.argocd_tools import Setting, Tool, tool_options
from auditor.domain.gitops.argocd_variables import Variables
from auditor.domain.manifest import SEALED

KNOWN = {"ARGOCD_APP_NAME": "web", "ARGOCD_APP_NAMESPACE": "shop", "EMPTY": ""}
DIGEST = "sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3"


def told(tool: Tool, refs: frozenset[str] = frozenset(), **section: Any) -> dict[str, Any]:
    """Options for one section of a source."""
    setting = Setting(release="web", variables=Variables(KNOWN), refs=refs)
    return tool_options(tool, Fields({tool.name.lower(): section}, "source"), setting)


def helm(refs: frozenset[str] = frozenset(), **section: Any) -> dict[str, Any]:
    return told(Tool.HELM, refs, **section)


def kustomize(**section: Any) -> dict[str, Any]:
    return told(Tool.KUSTOMIZE, **section)


class TestHelm:
    def test_a_release_is_called_as_the_application(self) -> None:
        """Unless it is called otherwise."""
        assert helm() == {"releaseName": "web", "includeCrds": True}
        assert helm(releaseName="shop")["releaseName"] == "shop"

    def test_flags_are_taken_over(self) -> None:
        """Each has its option."""
        flags: dict[str, Any] = {"skipCrds": True, "skipTests": True, "skipSchemaValidation": True}

        found = helm(**flags, ignoreMissingValueFiles=True, passCredentials=True, version="v3")

        assert found == {
            "releaseName": "web",
            "includeCrds": False,
            "skipTests": True,
            "skipSchemaValidation": True,
            "ignoreMissingValuesFiles": True,
        }

    def test_a_text_of_values_stands_between_files_and_parameters(self) -> None:
        """It is read by helm; variables in it are nobody's."""
        assert helm(values="a: $ARGOCD_APP_NAME\n")["valuesDocuments"] == ["a: $ARGOCD_APP_NAME\n"]

    def test_a_mapping_of_values_takes_the_place_of_the_text(self) -> None:
        """Nothing of the text is left."""
        found = helm(values="a: b", valuesObject={"c": 1})

        assert found["values"] == {"c": 1}
        assert "valuesDocuments" not in found

    def test_parameters_are_expanded_and_escaped(self) -> None:
        """A comma is meant, but in a list."""
        parameters = [
            {"name": "host", "value": "${ARGOCD_APP_NAME}.$ARGOCD_APP_NAMESPACE"},
            {"name": "text", "value": "a,b", "forceString": True},
            {"name": "list", "value": "{a,b}"},
        ]

        assert helm(parameters=parameters)["parameters"] == [
            {"name": "host", "value": "web.shop", "forceString": False},
            {"name": "text", "value": r"a\,b", "forceString": True},
            {"name": "list", "value": "{a,b}", "forceString": False},
        ]

    def test_of_equal_parameters_the_last_counts(self) -> None:
        """They are one entry of a map in Argo CD."""
        parameters = [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]

        (found,) = helm(parameters=parameters)["parameters"]

        assert found["value"] == "2"

    def test_names_of_files_are_expanded_but_for_other_sources(self) -> None:
        """What looks like a variable is another source, if there is one of that name."""
        files = ["$values/$ARGOCD_APP_NAME.yaml", "$ARGOCD_APP_NAME/x.yaml", "$other/y.yaml"]
        parameters = [{"name": "x", "path": "$values/x.txt"}]

        found = helm(frozenset({"$values"}), valueFiles=files, fileParameters=parameters)

        assert found["valuesFiles"] == ["$values/web.yaml", "web/x.yaml", "/y.yaml"]
        assert found["fileParameters"] == parameters

    @pytest.mark.parametrize(
        ("written", "version"),
        [("v1.31.4-eks-abc", "1.31.4"), ("1.31", "1.31"), ("v1.31.4+k3s1", "1.31.4")],
    )
    def test_the_version_of_kubernetes_has_three_numbers(self, written: str, version: str) -> None:
        """The rest is dropped, as Argo CD does."""
        found = helm(kubeVersion=written, apiVersions=["a.example.com/v1"], namespace="there")

        assert found["kubeVersion"] == version
        assert found["apiVersions"] == ["a.example.com/v1"]
        assert found["releaseNamespace"] == "there"

    @pytest.mark.parametrize(
        ("value", "escaped"),
        [
            ("val", "val"),
            ("not, clean", r"not\, clean"),
            (r"a\,b,c", r"a\,b\,c"),
            ("{a,b}", "{a,b}"),
        ],
    )
    def test_commas_are_escaped_once(self, value: str, escaped: str) -> None:
        """As Argo CD's own tests have it."""
        assert escape(value) == escaped


class TestKustomize:
    def test_nothing_said_lays_nothing_over(self) -> None:
        """The kustomization is built as it is."""
        assert kustomize() == {}

    def test_fields_are_those_of_a_kustomization(self) -> None:
        """As `kustomize edit` would write them."""
        patch = {"patch": "- op: remove\n  path: /spec/replicas", "target": {"kind": "Deployment"}}

        found = kustomize(
            namePrefix="a-",
            nameSuffix="-z",
            namespace="shop",
            replicas=[{"name": "web", "count": 3}, {"name": "db", "count": "2"}],
            patches=[patch],
            components=["../c"],
            ignoreMissingComponents=True,
        )

        assert found == {
            "ignoreMissingComponents": True,
            "overlay": {
                "namePrefix": "a-",
                "nameSuffix": "-z",
                "namespace": "shop",
                "replicas": [{"name": "web", "count": 3}, {"name": "db", "count": 2}],
                "patches": [patch],
                "components": ["../c"],
            },
        }

    @pytest.mark.parametrize(
        ("written", "entry"),
        [
            ("a=b:c", {"name": "a", "newName": "b", "newTag": "c"}),
            ("d:e", {"name": "d", "newTag": "e"}),
            (f"f@{DIGEST}", {"name": "f", "digest": DIGEST}),
            ("g=h", {"name": "g", "newName": "h"}),
            ("i=*:1", {"name": "i", "newName": "*", "newTag": "1"}),
            (f"j:1@{DIGEST}", {"name": "j", "newTag": "1", "digest": DIGEST}),
            ("localhost:5000/x:2", {"name": "localhost:5000/x", "newTag": "2"}),
            ("h:5000/y=z/q:3", {"name": "h:5000/y", "newName": "z/q", "newTag": "3"}),
        ],
    )
    def test_images_are_written_in_one_line(self, written: str, entry: dict[str, str]) -> None:
        """The entries are those that kustomize 5.8 writes for the same line."""
        assert image(written) == entry

    @pytest.mark.parametrize("written", ["nginx", "", "localhost:5000/x", "=x", "@"])
    def test_other_images_are_told(self, written: str) -> None:
        """Kustomize refuses them."""
        with pytest.raises(Unknowable, match="images"):
            image(written)

    def test_labels_go_where_argo_cd_would_write_them(self) -> None:
        """Into selectors too, unless told not to; variables are put in always."""
        labels = {"app": "$ARGOCD_APP_NAME"}

        everywhere = kustomize(commonLabels=labels)
        outside = kustomize(commonLabels=labels, labelWithoutSelector=True)
        inside = kustomize(
            commonLabels=labels, labelWithoutSelector=True, labelIncludeTemplates=True
        )

        assert everywhere["overlay"] == {"commonLabels": {"app": "web"}}
        assert outside["overlay"] == {"labels": [{"pairs": {"app": "web"}}]}
        assert inside["overlay"] == {
            "labels": [{"pairs": {"app": "web"}, "includeTemplates": True}]
        }

    def test_labels_cannot_go_into_templates_and_selectors(self) -> None:
        """Kustomize refuses it."""
        with pytest.raises(Unknowable, match="needs labelWithoutSelector"):
            kustomize(commonLabels={"a": "b"}, labelIncludeTemplates=True)

    def test_annotations_are_expanded_where_that_is_wanted(self) -> None:
        """What depends on the commit is sealed: it is there, whatever it says."""
        annotations = {"source": "${ARGOCD_APP_NAME}@${ARGOCD_APP_REVISION}"}

        plain = kustomize(commonAnnotations=annotations)
        expanded = kustomize(commonAnnotations=annotations, commonAnnotationsEnvsubst=True)

        assert plain["overlay"]["commonAnnotations"] == annotations
        assert expanded["overlay"]["commonAnnotations"] == {"source": f"web@{SEALED}"}

    def test_an_image_of_the_commit_is_sealed(self) -> None:
        """Its tag is there, whatever it says."""
        found = kustomize(images=["web:$ARGOCD_APP_REVISION_SHORT"])

        assert found["overlay"]["images"] == [{"name": "web", "newTag": SEALED}]


class TestDirectory:
    def test_how_files_are_chosen_is_taken_over(self) -> None:
        """Without a word, folders below are not looked into."""
        usual = {
            "recurse": False,
            "include": "",
            "exclude": "",
            "requireJsonOrYamlExtension": True,
        }
        said: dict[str, Any] = {"recurse": True, "include": "*.yaml", "exclude": "x"}

        assert told(Tool.DIRECTORY) == usual
        assert told(Tool.DIRECTORY, **said) == usual | said
        assert told(Tool.DIRECTORY, disableExtensionFilter=True) == usual | {
            "requireJsonOrYamlExtension": False
        }


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$ARGOCD_APP_NAME", "web"),
        ("${ARGOCD_APP_NAME}-x", "web-x"),
        ("$ARGOCD_APP_NAME-x", "web-x"),
        ("$$ARGOCD_APP_NAME", "$ARGOCD_APP_NAME"),
        ("$UNKNOWN!", "!"),
        ("cost: 5$", "cost: 5$"),
        ("a $ b", "a $ b"),
        ("${}", ""),
        ("${", ""),
        ("$1x", "x"),
        ("${ARGOCD_APP_NAME", "ARGOCD_APP_NAME"),
    ],
)
def test_variables_are_expanded_as_go_does(text: str, expanded: str) -> None:
    """Broken references are eaten, a lone dollar stays."""
    assert Variables(KNOWN).expand(text) == expanded
