"""A field that a template prints is traced to the value that it prints."""

from __future__ import annotations

import pytest

from auditor.domain.fieldpath import Key, Segment
from tests.auditor.sources.git.tracing.commits import IMAGE, REPLICAS, WEB, traced

TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "web.fullname" . }}
spec:
  replicas: {{ .Values.replicaCount }}
  template:
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          {{- with .Values.resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          env:
            {{- toYaml .Values.env | nindent 12 }}
"""
VALUES = """\
replicaCount: 1
image:
  repository: example/web
  tag: v1
resources:
  limits: {cpu: 100m}
env:
  - name: LEVEL
    value: debug
"""
CHART = {
    "charts/web/Chart.yaml": "name: web\nversion: 1.0.0\n",
    "charts/web/values.yaml": VALUES,
    "charts/web/templates/web.yaml": TEMPLATE,
}
OWN = "charts/web/templates/web.yaml"
CPU: tuple[Segment, ...] = (*IMAGE[:-1], "resources", "limits", "cpu")


def found(path: tuple[Segment, ...], said: str, *, owner: str = "", **files: str) -> list[str]:
    """Trace a field of the chart's Deployment, with files beside the chart's own."""
    beside = {f"prod/{name}.yaml": text for name, text in files.items()}
    calling = {"apps/web.yaml": owner} if owner else {}
    return traced(
        {**CHART, **beside, **calling},
        (path, said),
        own=OWN,
        name="release-web",
        base="charts/web",
        owner=("apps/web.yaml", 1) if owner else None,
    )


def test_a_value_of_the_chart() -> None:
    """The default that nobody changed."""
    assert found(REPLICAS, "1") == ["charts/web/values.yaml:1: replicaCount: 1"]


def test_values_files_win_over_the_chart() -> None:
    """The file that says it, which another one may not."""
    assert found(REPLICAS, "5", prod="replicaCount: 5\n", other="replicaCount: 4\n") == [
        "prod/prod.yaml:1: replicaCount: 5"
    ]
    assert found(REPLICAS, "1", prod="replicaCount: 1\n") == ["prod/prod.yaml:1: replicaCount: 1"]


def test_a_text_of_several_values() -> None:
    """Each must be what it comes to there, wherever it is said."""
    assert found(IMAGE, "example/web:v2", prod="image: {tag: v2}\n") == [
        "charts/web/values.yaml:3: repository: example/web",
        "prod/prod.yaml:1: image: {tag: v2}",
    ]
    assert found(IMAGE, "example/web:v1") == [
        "charts/web/values.yaml:3: repository: example/web / tag: v1"
    ]


@pytest.mark.parametrize("said", ["example/web:v1-hardened", "other"])
def test_what_a_template_makes_of_values_stays_there(said: str) -> None:
    """Nothing is guessed: no value says that."""
    [place] = found((*IMAGE[:-1], "command"), said)

    assert place.startswith(f"{OWN}: ")


def test_values_that_are_printed_whole() -> None:
    """Below the field's name or around it; items of lists by their keys."""
    assert found(CPU, "100m") == ["charts/web/values.yaml:6: limits: {cpu: 100m}"]
    assert found((*IMAGE[:-2], WEB, "env", Key((("name", "LEVEL"),)), "value"), "debug") == [
        "charts/web/values.yaml:9: value: debug"
    ]


@pytest.mark.parametrize(
    ("owner", "line"),
    [
        ("kind: HelmRelease\nspec:\n  values:\n    replicaCount: 5\n", 4),
        ("spec:\n  source:\n    helm:\n      valuesObject:\n        replicaCount: 5\n", 5),
        ("spec:\n  source:\n    helm:\n      values: |\n        replicaCount: 5\n", 5),
        (
            (
                "spec:\n  source:\n    helm:\n      parameters:\n"
                "        - {name: replicaCount, value: '5'}\n"
            ),
            5,
        ),
    ],
)
def test_values_of_the_owner(owner: str, line: int) -> None:
    """In a HelmRelease and in an Application; they win over files."""
    [place] = found(REPLICAS, "5", owner=owner, prod="replicaCount: 5\n")

    assert place.startswith(f"apps/web.yaml:{line}: ")


def test_a_subchart_is_told_its_values_below_its_name() -> None:
    """From outside; its own file has them as the template has."""
    inner = {path.replace("charts/web", "charts/shop/charts/web"): CHART[path] for path in CHART}
    files = {**inner, "charts/shop/values.yaml": "web: {replicaCount: 5}\n"}
    own = "charts/shop/charts/web/templates/web.yaml"

    assert traced(files, (REPLICAS, "5"), own=own, base="charts/shop") == [
        "charts/shop/values.yaml:1: web: {replicaCount: 5}"
    ]
    assert traced(files, (REPLICAS, "1"), own=own, base="charts/shop") == [
        "charts/shop/charts/web/values.yaml:1: replicaCount: 1"
    ]


def test_a_value_that_is_secret_is_not_looked_for() -> None:
    """Of a Secret nothing is known to look for."""
    files = {**CHART, OWN: TEMPLATE.replace("Deployment", "Secret")}

    assert traced(files, (REPLICAS, None), own=OWN, kind="Secret", base="charts/web") == [
        f"{OWN}: spec.replicas"
    ]
