"""What holds of Flux's owners whatever they say."""

from __future__ import annotations

import json
import posixpath
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.gitops.branch import Branch, DeadEnd, Mount
from auditor.domain.gitops.flux_fields import clean
from auditor.domain.gitops.flux_helm_release import read_helm_release, release_name
from auditor.domain.gitops.flux_ignore import kept_folders
from auditor.domain.gitops.flux_kustomization import read_kustomization
from auditor.domain.gitops.flux_mounts import beneath, joined, moved
from auditor.domain.manifest import manifest_from
from tests.auditor.domain.gitops.flux_objects import (
    Around,
    generator,
    git,
    helm_release,
    kustomization,
    source,
)
from tests.builders import CLUSTER, config_map, secret

PASSWORD = "correct-horse-battery-staple"
READERS = (read_kustomization, read_helm_release)

plain = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
kinds = st.sampled_from(
    ["GitRepository", "OCIRepository", "HelmRepository", "HelmChart", "Bucket", "ExternalArtifact"]
)
names = st.sampled_from(["a", "b", "flux-system", ""])
references = st.fixed_dictionaries({"kind": kinds, "name": names}, optional={"namespace": names})
paths = st.sampled_from(["", ".", "a", "a/b", "./a/../b", "/*", "!/a", "@a/a/**", "@artifact/a/"])
fields = [
    *(
        "sourceRef",
        "path",
        "interval",
        "targetNamespace",
        "patches",
        "images",
        "components",
        "postBuild",
    ),
    *(
        "substitute",
        "substituteFrom",
        "valuesFrom",
        "values",
        "chart",
        "chartRef",
        "spec",
        "version",
        "valuesFiles",
    ),
    *(
        "kubeConfig",
        "secretRef",
        "name",
        "optional",
        "install",
        "postRenderers",
        "kustomize",
        "commonMetadata",
        "labels",
    ),
    *(
        "include",
        "repository",
        "fromPath",
        "toPath",
        "ignore",
        "sparseCheckout",
        "url",
        "ref",
        "tag",
        "semver",
        "digest",
    ),
    *("sources", "alias", "artifacts", "copy", "from", "to", "kind", "namespace"),
]
likely = st.recursive(
    st.one_of(plain, references, paths, names),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(fields), inner, max_size=5)
    ),
    max_leaves=16,
)
specs = st.one_of(plain, st.dictionaries(st.sampled_from(fields), likely, max_size=6))


def _owners() -> tuple[dict[str, Any], dict[str, Any]]:
    """One owner for each reader, beside each other."""
    return kustomization(), helm_release(namespace="flux-system")


@given(specs, st.lists(st.tuples(kinds, names, specs), max_size=4), specs)
def test_reading_ends_well_whatever_is_written(
    spec: Any, sources: list[tuple[str, str, Any]], made: Any
) -> None:
    """A reader never raises, says one thing, and says it in plain values or in words."""
    around = Around(
        [
            *(source(kind, name) | {"spec": each} for kind, name, each in sources if name),
            generator() | {"spec": made},
            config_map("a", namespace="flux-system") | {"data": made},
        ]
    )
    for owner, read in zip(_owners(), READERS, strict=True):
        manifest = manifest_from(owner | {"spec": spec}, cluster=CLUSTER)
        (said,) = read(manifest, around)
        if isinstance(said, DeadEnd):
            assert said.reason
        else:
            assert json.dumps(dict(said.options))


@given(specs)
def test_no_value_of_a_secret_is_handed_on(spec: Any) -> None:
    """Whatever refers to a Secret, what is in it stays there."""
    hidden = secret("a", namespace="flux-system", data={"a": PASSWORD, "values.yaml": PASSWORD})
    hidden |= {"stringData": {"b": PASSWORD}}
    entry = {"kind": "Secret", "name": "a", "targetPath": "a"}
    whole = (spec if isinstance(spec, dict) else {}) | {
        "valuesFrom": [entry],
        "postBuild": {"substituteFrom": [entry]},
    }
    around = Around([hidden, git()])
    owners = [each | {"spec": each["spec"] | whole} for each in _owners()]
    for owner, read in zip(owners, READERS, strict=True):
        (said,) = read(manifest_from(owner, cluster=CLUSTER), around)
        assert PASSWORD not in repr(said)


@given(st.integers(min_value=1, max_value=2000))
def test_nothing_is_too_deep(depth: int) -> None:
    """Values in values end somewhere."""
    values: Any = {}
    for _ in range(depth):
        values = {"a": [values]}
    owner = helm_release(namespace="flux-system") | {"spec": {"values": values}}
    assert list(read_helm_release(manifest_from(owner, cluster=CLUSTER), Around()))


# --- names -----------------------------------------------------------------------------------------

labels = st.from_regex(r"[a-z]([-a-z0-9]{0,60}[a-z0-9])?", fullmatch=True)


@given(labels, labels, st.one_of(st.just(""), labels))
def test_a_release_always_has_a_name_that_helm_takes(name: str, namespace: str, to: str) -> None:
    """However long names are, the release's is not, and it begins as they do."""
    owner = helm_release(name, namespace=namespace, targetNamespace=to)
    made = release_name(manifest_from(owner, cluster=CLUSTER))
    whole = f"{to}-{name}" if to else name
    assert len(made) <= 53
    assert made[:40] == whole[:40]
    assert made == whole or len(whole) > 53


# --- paths -----------------------------------------------------------------------------------------

steps = st.sampled_from(["a", "b", "c", "a.yaml"])
folders = st.lists(steps, max_size=3).map("/".join)


@given(st.text(alphabet="ab./", max_size=12))
def test_a_clean_path_stays_below(path: str) -> None:
    """There is no way out of a source, and cleaning once is enough."""
    found = clean(path)
    assert not found or not {"", ".", ".."} & set(found.split("/"))
    assert clean(found) == found


@given(folders, folders)
def test_what_is_beneath_comes_back_when_joined(folder: str, path: str) -> None:
    """Seen from a folder and put back, a path is the same."""
    whole = posixpath.join(folder, path) if path else folder
    assert beneath(whole, folder) == path
    assert joined(folder, path) == whole


@given(st.lists(st.builds(Mount, under=folders, at=folders), max_size=3), folders, folders, folders)
def test_moving_moves_each_file_once(mounts: list[Mount], under: str, at: str, file: str) -> None:
    """A file of the part that is moved is seen at its new place, and nothing else is."""
    before = {seen for mount in mounts for seen in _seen(mount, file)}
    after = {seen for mount in moved(mounts, under=under, at=at) for seen in _seen(mount, file)}
    wanted = {
        (origin, joined(at, rest))
        for origin, path in before
        if (rest := beneath(path, under)) is not None
    }
    assert after == wanted


def _seen(mount: Mount, file: str) -> set[tuple[str, str]]:
    """Where a file of the repository is seen: its own path, and the one in the tree."""
    rest = beneath(file, mount.under)
    return set() if rest is None else {(file, joined(mount.at, rest))}


rules = st.lists(
    st.sampled_from(
        ["/*", "!/a", "!/a/b", "/a", "/b", "*.md", "a/", "/a/c", "*.yaml", "# all", ".ci/", ""]
    ),
    max_size=5,
)


@given(rules, folders, folders)
def test_folders_keep_what_the_rules_keep(lines: list[str], path: str, name: str) -> None:
    """Where folders are told, a manifest below the path is in them just if the rules keep it."""
    kept = kept_folders("\n".join(lines), path)
    file = joined(path, joined(name, "web.yaml"))
    if kept is not None:
        in_folders = any(beneath(file, folder) is not None for folder in kept)
        assert in_folders == (not _is_left_out(lines, file))


def _is_left_out(lines: list[str], file: str) -> bool:
    """The rules as they are defined: the last one that matches a file, or a folder above it, counts."""
    for line in reversed(lines):
        bare = line.removeprefix("!").strip("/")
        if not line or line.startswith("#"):
            continue
        if _matches(bare, file, anchored=line.strip("!").startswith("/")):
            return not line.startswith("!")
    return False


def _matches(bare: str, file: str, *, anchored: bool) -> bool:
    if bare == "*":
        return True
    if bare.startswith("*."):
        return file.endswith(bare[1:])
    if anchored:
        return beneath(file, bare) is not None
    return bare in file.split("/")[:-1]


def test_the_readers_are_what_branches_come_from() -> None:
    """The laws above are about branches too, not about dead ends alone."""
    around = Around([git()])
    (said,) = read_kustomization(manifest_from(kustomization(), cluster=CLUSTER), around)
    assert isinstance(said, Branch)
