"""The files that a Flux source holds: of a Git repository, an artifact of a registry, or a bucket.

https://fluxcd.io/flux/components/source/gitrepositories/,
https://fluxcd.io/flux/components/source/ocirepositories/ and
https://fluxcd.io/flux/components/source/buckets/. This module refuses to know what is made of the files.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from auditor.domain.gitops.branch import DeadEnd, Mount, Surroundings
from auditor.domain.gitops.flux_artifacts import GENERATORS, Copying, copying_of, said_of
from auditor.domain.gitops.flux_fields import (
    Reference,
    clean,
    entries,
    part,
    text,
    words,
)
from auditor.domain.gitops.flux_ignore import kept_folders
from auditor.domain.gitops.flux_mounts import Mounts, moved, narrowed
from auditor.domain.history import RANGE
from auditor.domain.manifest import Manifest, holds_seal
from auditor.domain.remotes import OCI, S3

BOOTSTRAP: Final = "flux-system"
"""What ``flux bootstrap`` calls the GitRepository of the repository that it commits to."""
_DEFAULT_BRANCH: Final = "master"
_LATEST: Final = "latest"
_SPEAKING_S3: Final = ("", "generic", "aws")
"""Providers of buckets; without one it is generic."""
_CHARTS: Final = frozenset({"HelmChart", "HelmRepository"})


class Sources:
    """The sources that an owner may refer to."""

    def __init__(self, owner: Manifest, around: Surroundings) -> None:
        self._owner = owner
        self._around = around

    def find(self, reference: Reference) -> Manifest | DeadEnd:
        """Return a source all of which is known."""
        if not reference.kind or not reference.name:
            return DeadEnd(reason="it names no source")
        found = self._around.find(reference.within(self._owner))
        if found is None:
            return DeadEnd(reason=f"{reference} is neither declared nor alive")
        if holds_seal(found.body.get("spec")):
            return DeadEnd(reason=f"{reference} holds what is encrypted or comes from a Secret")
        return found

    def files(self, reference: Reference, path: str) -> Mounts | DeadEnd:
        """Return the files of a source; of these, those below a path matter."""
        return self._files(reference, path, ())

    def _files(
        self, reference: Reference, path: str, trail: tuple[Reference, ...]
    ) -> Mounts | DeadEnd:
        if reference in trail:
            return DeadEnd(reason=f"{reference} is made of itself")
        if reference.kind == "ExternalArtifact":
            return self._generated(reference, (*trail, reference))
        if self._is_bootstrap(reference):
            return (Mount(),)
        found = self.find(reference)
        if isinstance(found, DeadEnd):
            return found
        return self._held(found, path, (*trail, reference))

    def _held(self, found: Manifest, path: str, trail: tuple[Reference, ...]) -> Mounts | DeadEnd:
        if found.ref.kind == "GitRepository":
            return self._checked_out(found, path, trail)
        if found.ref.kind == "OCIRepository":
            return _pulled(found, path, trail[-1])
        if found.ref.kind == "Bucket":
            return _stored(found, path, trail[-1])
        known = found.ref.kind in _CHARTS
        lack = "holds charts, not files" if known else "is no source that is known"
        return DeadEnd(reason=f"{trail[-1]} {lack}")

    def _is_bootstrap(self, reference: Reference) -> bool:
        """Tell whether a source is the repository that the owner lies in, by what it is called."""
        is_called_so = reference.kind == "GitRepository" and reference.name == BOOTSTRAP
        return is_called_so and self._around.find(reference.within(self._owner)) is None

    # --- Git ---------------------------------------------------------------------------------------

    def _checked_out(
        self, found: Manifest, path: str, trail: tuple[Reference, ...]
    ) -> Mounts | DeadEnd:
        spec = part(found.body, "spec")
        if not text(spec, "url"):
            return DeadEnd(reason=f"{trail[-1]} names no url")
        mounts: Mounts = (Mount(url=text(spec, "url"), revision=revision_in(spec)),)
        if sparse := [clean(folder) for folder in words(spec, "sparseCheckout")]:
            mounts = narrowed(mounts, sparse)
        for include in entries(spec, "include"):
            included = self._included(include, trail)
            if isinstance(included, DeadEnd):
                return included
            mounts += included
        return _kept(mounts, spec, path, trail[-1])

    def _included(self, include: Any, trail: tuple[Reference, ...]) -> Mounts | DeadEnd:
        """https://fluxcd.io/flux/components/source/gitrepositories/#include."""
        name = text(include, "repository", "name")
        source = Reference("GitRepository", trail[-1].namespace, name)
        under, at = clean(text(include, "fromPath")), clean(text(include, "toPath") or name)
        files = self._files(source, under, trail)
        return files if isinstance(files, DeadEnd) else tuple(moved(files, under=under, at=at))

    # --- artifacts ---------------------------------------------------------------------------------

    def _generated(self, wanted: Reference, trail: tuple[Reference, ...]) -> Mounts | DeadEnd:
        making = next(self._makers(wanted), None)
        if making is None:
            known = self._around.find(wanted.within(self._owner)) is not None
            lack = (
                "is made by nothing that is known" if known else "is made by no ArtifactGenerator"
            )
            return DeadEnd(reason=f"{wanted} {lack}")
        generator, artifact = making
        mounts: Mounts = ()
        for operation in entries(artifact, "copy"):
            copying = copying_of(operation, generator)
            files = self._copied(copying, mounts, trail)
            if isinstance(files, DeadEnd):
                return DeadEnd(reason=f"{wanted}, {said_of(operation)}: {files.reason}")
            mounts += files
        return mounts

    def _makers(self, wanted: Reference) -> Iterator[tuple[Manifest, Any]]:
        for generator in self._around.all(GENERATORS):
            if generator.ref.namespace == wanted.namespace:
                for artifact in entries(generator.body, "spec", "artifacts"):
                    if text(artifact, "name") == wanted.name:
                        yield generator, artifact

    def _copied(
        self, copying: Copying | DeadEnd, before: Mounts, trail: tuple[Reference, ...]
    ) -> Mounts | DeadEnd:
        if isinstance(copying, DeadEnd):
            return copying
        if copying.merges_into(before):
            return DeadEnd(reason="files may be merged, which folders cannot tell")
        files = self._files(copying.source, copying.under, trail)
        if isinstance(files, DeadEnd):
            return files
        return tuple(moved(files, under=copying.under, at=copying.at))


def _kept(mounts: Mounts, spec: Any, path: str, source: Reference) -> Mounts | DeadEnd:
    """What the ignore rules of a source leave of its files."""
    kept = kept_folders(text(spec, "ignore"), path)
    if kept is None:
        return DeadEnd(
            reason=f"{source} leaves out files (spec.ignore) that cannot be told by folders"
        )
    return narrowed(mounts, kept)


def _pulled(found: Manifest, path: str, source: Reference) -> Mounts | DeadEnd:
    """https://fluxcd.io/flux/components/source/ocirepositories/."""
    spec = part(found.body, "spec")
    url, revision = text(spec, "url"), pulled_revision(spec)
    if not url.startswith(OCI):
        return DeadEnd(reason=f"{source} has no url of the form {OCI}registry/path")
    if part(spec, "layerSelector"):
        return DeadEnd(
            reason=f"{source} selects a layer (spec.layerSelector); the first one is read"
        )
    if not revision:
        return DeadEnd(reason=f"{source} chooses among tags by a pattern (spec.ref.semverFilter)")
    return _kept((Mount(url=url, revision=revision),), spec, path, source)


def pulled_revision(spec: Any) -> str:
    """What of an artifact is pulled; empty where it is chosen by a pattern.

    https://fluxcd.io/flux/components/source/ocirepositories/#reference: the last field given wins.
    """
    ref = part(spec, "ref")
    tag, _, pinned = text(ref, "tag").partition("@")
    digest, wanted = text(ref, "digest"), text(ref, "semver")
    if wanted and text(ref, "semverFilter") and not digest:
        return ""
    return digest or (f"{RANGE}{wanted}" if wanted else pinned or tag or _LATEST)


def _stored(found: Manifest, path: str, source: Reference) -> Mounts | DeadEnd:
    """https://fluxcd.io/flux/components/source/buckets/."""
    spec = part(found.body, "spec")
    host, bucket = text(spec, "endpoint"), text(spec, "bucketName")
    prefix, provider = text(spec, "prefix"), text(spec, "provider")
    if provider not in _SPEAKING_S3:
        return DeadEnd(reason=f"{source} is of {provider}, and only what speaks S3 is read")
    if not host or not bucket or "/" in host:
        return DeadEnd(reason=f"{source} has no endpoint and bucketName of the form host and name")
    if prefix and not prefix.endswith("/"):
        return DeadEnd(reason=f"{source} has a prefix that is no folder: end it with a slash")
    url = f"{S3}{host}/{bucket}/{prefix}".rstrip("/")
    return _kept((Mount(url=url),), spec, path, source)


def revision_in(spec: Any) -> str:
    """What is checked out, by the first of these fields that is given.

    https://fluxcd.io/flux/components/source/gitrepositories/#reference, in the order of
    https://github.com/fluxcd/pkg/blob/main/git/gogit/client.go.
    """
    ref = part(spec, "ref")
    marks = {"commit": "", "name": "", "tag": "refs/tags/", "semver": RANGE}
    said = ((mark, text(ref, field)) for field, mark in marks.items())
    branch = f"refs/heads/{text(ref, 'branch') or _DEFAULT_BRANCH}"
    return next((mark + written for mark, written in said if written), branch)
