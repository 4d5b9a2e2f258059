"""A field that is made of variables is traced to them and to itself."""

from __future__ import annotations

import pytest

from tests.auditor.sources.git.tracing.commits import BASE, IMAGE, REPLICAS, traced

OWNER = """\
kind: Kustomization
spec:
  postBuild:
    substitute:
      TAG: v2
      REPLICAS: "3"
"""
OWN = {
    IMAGE: "base/web.yaml: spec.template.spec.containers[name=web].image",
    REPLICAS: "base/web.yaml: spec.replicas",
}


def found(text: str, said: str) -> list[str]:
    """Trace the image, as the base has it, below an owner with variables."""
    files = {"base/web.yaml": BASE.replace("web:1", text), "clusters/web.yaml": OWNER}
    return traced(files, (IMAGE, said), owner=("clusters/web.yaml", 1))


@pytest.mark.parametrize("text", ["web:${TAG}", "web:${TAG:=v1}", "web:${TAG:-v1}"])
def test_the_variable_and_the_field(text: str) -> None:
    """Whichever changed last counts."""
    assert found(text, "web:v2") == [
        "clusters/web.yaml:5: TAG: v2",
        f"base/web.yaml:11: image: {text}",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [("web:${OTHER:=v2}", "web:v2"), ("web:${TAG}", "web:v3"), ("web:v2", "web:v2"), ("${", "x")],
)
def test_what_no_variable_makes_stays_with_the_field(text: str, said: str) -> None:
    """A default, another value, no variable at all."""
    assert found(text, said) == [OWN[IMAGE]]


def test_an_owner_without_variables() -> None:
    files = {"base/web.yaml": BASE, "clusters/web.yaml": "kind: Kustomization\nspec: {}\n"}

    assert traced(files, (REPLICAS, "1"), owner=("clusters/web.yaml", 1)) == [OWN[REPLICAS]]
    assert traced(files, (REPLICAS, "1")) == [OWN[REPLICAS]]
