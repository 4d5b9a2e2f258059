"""Whatever lies in a repository, tracing ends: a test that hangs here says so by its time limit."""

from __future__ import annotations

import pytest

from tests.auditor.sources.git.tracing.commits import BASE, IMAGE, REPLICAS, traced

pytestmark = pytest.mark.timeout(20)

MUCH = 60_000
TEMPLATE = "charts/web/templates/web.yaml"


@pytest.mark.parametrize(
    "overlay",
    [
        "a: &x\n  - *x\npatches: *x\n",
        "patches:\n- patch: &p\n  - *p\n",
        "replicas: &r\n- name: web\n  count: &c\n  - *c\n",
        "patches: " + "[" * MUCH,
        "images: [{name: '" + "a:" * MUCH + "', newTag: x}]",
        "patches: [{path: p.yaml, target: {name: '(a|aa)+$'}}]",
        "patches: [{path: prod/kustomization.yaml}]",
        "labels: &l [*l]",
        "patches:\n" + "- {patch: 'a: [1, 2]', target: {kind: Deployment}}\n" * 4_000,
    ],
)
def test_kustomizations(overlay: str) -> None:
    files = {"base/web.yaml": BASE, "prod/kustomization.yaml": overlay}

    assert traced(files, (REPLICAS, "5"), (IMAGE, "a" + ":b" * MUCH))


@pytest.mark.parametrize(
    "line",
    [
        "image: {{" + " " * MUCH,
        "image:" + " " * MUCH + "x",
        "image: " + "{{ .Values.a }}" * 60,
        "image: " + "{{ .Values.a }}" * 4 + "!",
        "image: {{ .Values" + ".a" * MUCH + " }}",
        "\n".join(["image: {{ .Values.a }}"] * 9_000),
    ],
)
def test_templates(line: str) -> None:
    files = {TEMPLATE: f"kind: Deployment\n{line}\n", "charts/web/values.yaml": "a: b\n"}

    assert traced(files, (IMAGE, "b" * 250 + "?"), own=TEMPLATE, base="charts/web")


@pytest.mark.parametrize("text", ["${A}" * 200, "${" * MUCH, "${A}${B}${A}${B}!"])
def test_variables(text: str) -> None:
    owner = "kind: Kustomization\nspec: {postBuild: {substitute: {A: a, B: &b [*b]}}}\n"
    files = {"base/web.yaml": BASE.replace("web:1", f"'{text}'"), "web.yaml": owner}

    assert traced(files, (IMAGE, "a" * 250 + "?"), owner=("web.yaml", 1))


def test_many_files_are_not_all_read_for_one_question() -> None:
    """Most of them would say nothing; the first ones, which are the outermost, count."""
    patch = f"{BASE.replace('replicas: 1', 'replicas: 5')}# {'x' * 200_000}\n"
    names = [f"{number:03}" for number in range(100)]
    overlays = {
        f"{name}/kustomization.yaml": f"patches: [{{path: {name}.yaml}}]\n" for name in names
    }
    files = {f"{name}/{name}.yaml": patch.replace("web", name) for name in names}
    last = {"999/kustomization.yaml": "replicas: [{name: web, count: 5}]\n"}

    assert traced({"base/web.yaml": BASE, **overlays, **files, **last}, (REPLICAS, "5")) == [
        "base/web.yaml: spec.replicas"
    ]
    assert traced({"base/web.yaml": BASE, **last}, (REPLICAS, "5")) == [
        "999/kustomization.yaml:1: replicas: [{name: web, count: 5}]"
    ]
