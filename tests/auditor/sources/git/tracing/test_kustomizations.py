"""A field that an overlay sets is traced to the overlay."""

from __future__ import annotations

import pytest

from auditor.domain.fieldpath import Segment
from tests.auditor.sources.git.tracing.commits import BASE, IMAGE, REPLICAS, traced

BASES = {"base/web.yaml": BASE, "base/kustomization.yaml": "resources: [web.yaml]\n"}
PART = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 5
"""
OWN_REPLICAS = ["base/web.yaml: spec.replicas"]


def overlay(text: str, **files: str) -> dict[str, str]:
    """The base, and an overlay with its files."""
    beside = {f"prod/{name.replace('_', '.')}": content for name, content in files.items()}
    return {**BASES, "prod/kustomization.yaml": text, **beside}


@pytest.mark.parametrize(
    "entry",
    [
        "patches: [{path: replicas.yaml}]",
        "patches: [{path: ./replicas.yaml, target: {kind: Deployment}}]",
        "patches: [{path: replicas.yaml, target: {kind: Deployment, name: web}}]",
        "patchesStrategicMerge: [replicas.yaml]",
    ],
)
def test_a_patch_in_a_file(entry: str) -> None:
    """However the kustomization names it."""
    files = overlay(f"resources: [../base]\n{entry}\n", replicas_yaml=PART)

    assert traced(files, (REPLICAS, "5")) == ["prod/replicas.yaml:5: replicas: 5"]


def test_a_patch_in_place() -> None:
    """To its line where that can be told, else to its entry."""
    part = "".join(f"      {line}\n" for line in PART.splitlines())
    literal = overlay(f"resources: [../base]\npatches:\n  - patch: |-\n{part}")
    quoted = overlay(
        'resources: [../base]\npatches:\n  - target: {kind: Deployment}\n    patch: "spec: {replicas: 5}"\n'
    )

    assert traced(literal, (REPLICAS, "5")) == ["prod/kustomization.yaml:8: replicas: 5"]
    assert traced(quoted, (REPLICAS, "5")) == [
        'prod/kustomization.yaml:3: - target: {kind: Deployment} / patch: "spec: {replicas: 5}"'
    ]


@pytest.mark.parametrize(
    ("operation", "path", "said"),
    [
        ("{op: replace, path: /spec/replicas, value: 5}", REPLICAS, "5"),
        (
            "{op: replace, path: /spec/template/spec/containers/0/image, value: web:9}",
            IMAGE,
            "web:9",
        ),
        (
            "{op: add, path: /spec/template/spec/containers/-, value: {name: web, image: web:9}}",
            IMAGE,
            "web:9",
        ),
        (
            "{op: add, path: /metadata/labels/a~1b, value: c}",
            ("metadata", "labels", "a/b"),
            "c",
        ),
    ],
)
def test_operations(operation: str, path: tuple[Segment, ...], said: str) -> None:
    """RFC 6902, in a file or in place."""
    kinds = "{kind: Deployment, name: web}"
    file = overlay(f"patches: [{{path: ops.yaml, target: {kinds}}}]\n", ops_yaml=f"- {operation}\n")
    place = overlay(f"patchesJson6902:\n  - target: {kinds}\n    patch: |\n      - {operation}\n")

    [in_file] = traced(file, (path, said))
    [in_place] = traced(place, (path, said))

    assert in_file.startswith("prod/ops.yaml:1: - {op: ")
    assert in_place.startswith("prod/kustomization.yaml:4: - {op: ")


@pytest.mark.parametrize(
    "patch",
    [
        PART.replace("5", "4"),
        PART.replace("web", "api"),
        PART.replace("Deployment", "StatefulSet"),
        "- {op: replace, path: /spec/paused, value: 5}\n",
        "spec: [",
    ],
)
def test_what_says_something_else_is_not_it(patch: str) -> None:
    """Another value, another object, another field, or nothing that can be read."""
    files = overlay("patches: [{path: replicas.yaml}]\n", replicas_yaml=patch)

    assert traced(files, (REPLICAS, "1")) == OWN_REPLICAS


def test_a_patch_for_another_object_is_not_it() -> None:
    """The target counts, whatever the patch calls its object."""
    files = overlay("patches: [{path: p.yaml, target: {name: api}}]\n", p_yaml=PART)

    assert traced(files, (REPLICAS, "5")) == OWN_REPLICAS


@pytest.mark.parametrize(
    ("target", "is_meant"),
    [
        ("web", True),
        ("^web$", True),
        ("we.*", True),
        (".*", True),
        ("web.*b", False),
        ("we", False),
        ("(w+)+b", False),
        ("w.*.*.*b", False),
    ],
)
def test_a_target_is_a_pattern(target: str, *, is_meant: bool) -> None:
    """As far as it is a simple one: no other is tried, for it might take for ever."""
    files = overlay(f"patches: [{{path: p.yaml, target: {{name: '{target}'}}}}]\n", p_yaml=PART)

    assert (traced(files, (REPLICAS, "5")) == ["prod/p.yaml:5: replicas: 5"]) is is_meant


def test_names_get_prefixes_on_the_way() -> None:
    """A patch may call the object what it was called anywhere on it, and not what others are called."""
    for name, is_meant in [("web", True), ("eu-web", True), ("eu-web-2", True), ("eu", False)]:
        patch = PART.replace("name: web", f"name: {name}")
        files = overlay("patches: [{path: p.yaml}]\n", p_yaml=patch)
        found = traced(files, (REPLICAS, "5"), name="eu-web-2")
        assert (found == ["prod/p.yaml:5: replicas: 5"]) is is_meant
    files = overlay("patches: [{path: p.yaml}]\n", p_yaml=PART)
    webhook = {**files, "base/web.yaml": BASE.replace("name: web\nspec", "name: webhook\nspec")}
    assert traced(webhook, (REPLICAS, "5"), name="webhook") == OWN_REPLICAS


@pytest.mark.parametrize(
    ("image", "said", "has_version"),
    [
        ("{name: web, newTag: v2}", "web:v2", True),
        ("{name: web, newName: example.com:5000/web}", "example.com:5000/web:1", False),
        ("{name: web, digest: sha256:abc}", "web@sha256:abc", True),
        ("{name: web, newName: other, newTag: v2}", "other:v2", True),
    ],
)
def test_images(image: str, said: str, *, has_version: bool) -> None:
    """Tag, name and digest; a version that is kept is said by the object."""
    files = overlay(f"resources: [../base]\nimages:\n  - {image}\n")

    own = [] if has_version else ["base/web.yaml:11: image: web:1"]
    assert traced(files, (IMAGE, said)) == [f"prod/kustomization.yaml:3: - {image}", *own]


def test_images_of_others() -> None:
    """An entry of another name or tag did not make this one."""
    files = overlay("images: [{name: api, newTag: v2}, {name: web, newTag: v3}, {name: web}]\n")

    assert traced(files, (IMAGE, "web:v2")) == [
        "base/web.yaml: spec.template.spec.containers[name=web].image"
    ]


@pytest.mark.parametrize(
    ("entry", "path", "said"),
    [
        ("replicas: [{name: web, count: 5}]", REPLICAS, "5"),
        ("commonLabels: {team: shop}", ("spec", "selector", "matchLabels", "team"), "shop"),
        ("labels: [{pairs: {team: shop}}]", ("metadata", "labels", "team"), "shop"),
        ("commonAnnotations: {team: shop}", ("metadata", "annotations", "team"), "shop"),
    ],
)
def test_other_fields(entry: str, path: tuple[Segment, ...], said: str) -> None:
    files = overlay(f"resources: [../base]\n{entry}\n")

    assert traced(files, (path, said)) == [f"prod/kustomization.yaml:2: {entry}"]


@pytest.mark.parametrize(
    ("generator", "expected"),
    [
        ("literals: [a=1, level=debug]", "prod/kustomization.yaml:3: {}"),
        ("files: [level]", "prod/level: all"),
        ("files: [level=level.conf]", "prod/level.conf: all"),
        ("envs: [app.env]", "prod/app.env:2: level=debug"),
    ],
)
@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_generators(kind: str, generator: str, expected: str) -> None:
    """The entry's file, line or literal; of a Secret as well, of which no value is known."""
    field = "configMapGenerator" if kind == "ConfigMap" else "secretGenerator"
    entry = f"- {{name: settings, {generator}}}"
    files = overlay(
        f"resources: [../base]\n{field}:\n  {entry}\n",
        level="debug",
        level_conf="debug",
        app_env="a=1\nlevel=debug\n",
    )

    found = traced(
        files,
        (("data", "level"), "debug" if kind == "ConfigMap" else None),
        own="prod/kustomization.yaml",
        kind=kind,
        name="settings-7b9k2",
    )

    assert found == [expected.format(entry)]


def test_the_outermost_has_the_last_word() -> None:
    """What says the same further in does not count."""
    files = {
        **overlay("resources: [../middle]\nreplicas: [{name: web, count: 5}]\n"),
        "middle/kustomization.yaml": "resources: [../base]\nreplicas: [{name: web, count: 5}]\n",
    }

    assert traced(files, (REPLICAS, "5")) == [
        "prod/kustomization.yaml:2: replicas: [{name: web, count: 5}]"
    ]


@pytest.mark.parametrize(
    ("owner", "line"),
    [
        ("kind: Kustomization\nspec:\n  patches:\n    - patch: |\n", 9),
        (
            "kind: Application\nspec: {source: {kustomize: {replicas: [{name: web, count: 5}]}}}\n",
            2,
        ),
    ],
)
def test_an_owner_lays_something_over_it(owner: str, line: int) -> None:
    """Flux's Kustomizations and Applications have the fields of a kustomization."""
    part = "".join(f"        {text}\n" for text in PART.splitlines())
    text = owner + (part if owner.endswith("|\n") else "")

    [found] = traced(
        {**BASES, "owners/web.yaml": text}, (REPLICAS, "5"), owner=("owners/web.yaml", 1)
    )

    assert found.startswith(f"owners/web.yaml:{line}: ")


def test_an_image_of_an_application() -> None:
    """Argo CD writes images as one text."""
    owner = "kind: Application\nspec:\n  source:\n    kustomize:\n      images:\n        - web=other:v2\n"

    assert traced({**BASES, "web.yaml": owner}, (IMAGE, "other:v2"), owner=("web.yaml", 1)) == [
        "web.yaml:6: - web=other:v2"
    ]


def test_fields_of_several_files() -> None:
    """Each has a place of its own; what no overlay says stays with the object."""
    files = overlay(
        "images:\n  - {name: web, newTag: v2}\npatches: [{path: replicas.yaml}]\n",
        replicas_yaml=PART,
    )
    name = ("spec", "template", "spec", "containers")

    found = traced(files, (REPLICAS, "5"), (IMAGE, "web:v2"), (name, None))

    assert found == [
        "prod/replicas.yaml:5: replicas: 5",
        "prod/kustomization.yaml:2: - {name: web, newTag: v2}",
        "base/web.yaml: spec.template.spec.containers",
    ]


def test_what_only_an_overlay_has() -> None:
    """A value that is no scalar cannot be compared: the file that has it at all is meant."""
    part = PART.replace("  replicas: 5", "  strategy:\n    type: Recreate")
    files = overlay("patches: [{path: strategy.yaml}]\n", strategy_yaml=part)

    assert traced(files, (("spec", "strategy"), None)) == [
        "prod/strategy.yaml:5: strategy: / type: Recreate"
    ]


def test_files_that_did_not_go_in_are_not_read() -> None:
    """Whatever a kustomization names."""
    files = overlay("patches: [{path: ../../../secret.yaml}]\n")

    assert traced({**files, "secret.yaml": PART}, (REPLICAS, "5")) == OWN_REPLICAS
