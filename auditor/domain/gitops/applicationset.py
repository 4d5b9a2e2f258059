"""What an ApplicationSet calls for: the Applications that Argo CD would make of it.

They are rendered like other files, by a renderer of their own, out of the repositories that the set's Git
generators name and the clusters that Argo CD has Secrets of. Generators that ask a service outside
(https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators/) are dead ends, each by
name. Of a cluster's Secret nothing is read but what generators may see: never its credentials.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from auditor.domain.gitops.branch import Branch, DeadEnd, Mount, Surroundings
from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.manifest import SEALED, Manifest

RENDERER: Final = "applicationset"
_SECRET: Final = GroupKind("", "Secret")
_CLUSTER_LABEL: Final = "argocd.argoproj.io/secret-type"
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_SETTINGS: Final = "argocd-cmd-params-cm"
"""https://github.com/argoproj/argo-cd/blob/v3.6.1/docs/operator-manual/argocd-cmd-params-cm.yaml"""
_FLAGS: Final = {
    "strictGlobs": "applicationsetcontroller.enable.new.git.file.globbing",
    "hiddenFolders": "reposerver.include.hidden.directories",
}
_COMPUTED: Final = ("list", "clusters", "git", "matrix", "merge")
_COMBINING: Final = ("matrix", "merge")
_OUTSIDE: Final = {
    "pullRequest": "asks a Git server for its pull requests",
    "scmProvider": "asks a Git server for its repositories",
    "clusterDecisionResource": "asks a resource of another tool for its clusters",
    "plugin": "asks a program outside",
    "oci": "asks a registry for an artifact",
}
_NO_GENERATORS: Final = frozenset({"selector", "template"})
_INTERVAL: Final = timedelta(minutes=3)
"""How often Git is looked at where nothing is said:
https://github.com/argoproj/argo-cd/blob/v3.6.1/applicationset/generators/interface.go"""


def read_application_set(
    manifest: Manifest, surroundings: Surroundings
) -> Iterator[Branch | DeadEnd]:
    """Say what an ApplicationSet calls for: its Applications, and what of them cannot be known."""
    spec = _mapping(manifest.body.get("spec"))
    secrets = _cluster_secrets(manifest.ref, surroundings)
    known: list[Any] = []
    for number, entry in enumerate(_list(spec.get("generators")), start=1):
        reason = _unknowable(entry) or _hidden(entry, secrets)
        if reason is None:
            known.append(entry)
        else:
            yield DeadEnd(name=f"generator {number}", reason=f"generator {number}: {reason}")
    if known or not spec.get("generators"):
        flags = _flags(manifest.ref, surroundings)
        options = {"clusters": [_cluster(secret) for secret in secrets], **flags}
        yield _branch(manifest, {**spec, "generators": known}, options)


# --- what cannot be known --------------------------------------------------------------------------


def _unknowable(entry: Any) -> str | None:
    """Say why a generator, or one inside it, cannot be computed; ``None`` if it can."""
    kinds = [
        key
        for key, each in _mapping(entry).items()
        if key not in _NO_GENERATORS and each is not None
    ]
    for kind in kinds:
        if kind not in _COMPUTED:
            return f"{kind} {_OUTSIDE.get(kind, 'is no generator that is known')}"
        reason = _inside(kind, _mapping(entry[kind]))
        if reason is not None:
            return reason
    return None if kinds else "it names no kind of generator"


def _inside(kind: str, spec: Mapping[str, Any]) -> str | None:
    if kind in _COMBINING:
        reasons = (_unknowable(each) for each in _list(spec.get("generators")))
        return next((f"{reason} (in a {kind})" for reason in reasons if reason), None)
    if kind != "git":
        return None
    for field in ("repoURL", "revision"):
        text = str(spec.get(field) or "")
        if "{{" in text or SEALED in text:
            return f"git has a {field} that depends on another generator"
    return None if spec.get("repoURL") else "git names no repository"


def _hidden(entry: Any, secrets: list[Manifest]) -> str | None:
    """Say which cluster's Secret would have to be read for a generator and cannot be."""
    unread = next((secret for secret in secrets if not _said(secret, "server")), None)
    if unread is None or not any(True for _ in _found("clusters", {"generators": [entry]})):
        return None
    return (
        f"clusters needs the Secret {unread.ref.namespace}/{unread.ref.name}, which cannot be read"
    )


# --- what is rendered ------------------------------------------------------------------------------


def _branch(manifest: Manifest, spec: dict[str, Any], options: dict[str, Any]) -> Branch:
    gits = list(_found("git", spec))
    mounted = {place: f"${at}" for at, place in enumerate(dict.fromkeys(map(_place, gits)))}
    origin = manifest.origin
    own = (Mount(),) if origin else ()
    mounts = (Mount(url=url, revision=of, at=at) for (url, of), at in mounted.items())
    return Branch(
        files=(*own, *mounts),
        # Where Git is looked at any file may matter, and the whole tree is what is rendered.
        path="" if gits or origin is None else origin.path,
        renderer=RENDERER,
        options={
            "applicationSet": _body(manifest, spec),
            "repositories": [
                {"url": url, "revision": of, "at": at} for (url, of), at in mounted.items()
            ],
            **({"file": origin.path, "line": origin.line} if origin else {}),
            **options,
        },
        namespace=manifest.ref.namespace,
        interval=min(map(_interval, gits), default=None),
    )


def _body(manifest: Manifest, spec: dict[str, Any]) -> dict[str, Any]:
    """The set as far as it decides its Applications: what else changes must not look like a change."""
    return {
        "metadata": {"name": manifest.ref.name, "namespace": manifest.ref.namespace},
        "spec": spec,
    }


def _found(kind: str, spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All generators of a kind, at any depth."""
    for entry in map(_mapping, _list(spec.get("generators"))):
        if entry.get(kind) is not None:
            yield _mapping(entry[kind])
        for combining in _COMBINING:
            yield from _found(kind, _mapping(entry.get(combining)))


def _place(git: Mapping[str, Any]) -> tuple[str, str]:
    return str(git.get("repoURL") or ""), str(git.get("revision") or "")


def _interval(git: Mapping[str, Any]) -> timedelta:
    seconds = git.get("requeueAfterSeconds")
    return timedelta(seconds=seconds) if isinstance(seconds, int) and seconds > 0 else _INTERVAL


# --- surroundings ----------------------------------------------------------------------------------


def _cluster_secrets(ref: ObjectRef, surroundings: Surroundings) -> list[Manifest]:
    """The Secrets of the clusters of the Argo CD that the set belongs to.

    It keeps them in its own namespace. Where sets may lie in other namespaces, theirs holds none, and
    those of all namespaces are taken.
    """
    labelled = [
        secret
        for secret in surroundings.all(_SECRET)
        if _texts(secret, "labels").get(_CLUSTER_LABEL) == "cluster"
    ]
    near = [secret for secret in labelled if secret.ref.namespace == ref.namespace]
    return near or labelled


def _cluster(secret: Manifest) -> dict[str, Any]:
    annotations = _texts(secret, "annotations")
    if _LAST_APPLIED in annotations:
        # It repeats the credentials. That it is there is enough.
        annotations[_LAST_APPLIED] = ""
    said = {key: _said(secret, key) for key in ("name", "server", "project")}
    return {**said, "labels": _texts(secret, "labels"), "annotations": annotations}


def _said(secret: Manifest, key: str) -> str:
    """One of a Secret's values that are no secrets; empty where it is not there or cannot be read."""
    plain = _mapping(secret.body.get("stringData")).get(key)
    if isinstance(plain, str):
        return plain
    try:
        encoded = _mapping(secret.body.get("data")).get(key) or ""
        return base64.b64decode(str(encoded), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _flags(ref: ObjectRef, surroundings: Surroundings) -> dict[str, bool]:
    """How the controller is set up, where that is to be seen."""
    found = surroundings.find(ObjectRef(ref.cluster, "", "ConfigMap", ref.namespace, _SETTINGS))
    data = _mapping(found.body.get("data")) if found else {}
    return {option: True for option, key in _FLAGS.items() if data.get(key) == "true"}


# --- values ----------------------------------------------------------------------------------------


def _texts(manifest: Manifest, field: str) -> dict[str, str]:
    texts = _mapping(manifest.metadata.get(field))
    return {str(key): str(value) for key, value in texts.items()}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
