"""Artifacts of an OCI registry: which one a tag, a digest or a range means, and the files in it.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md is how registries are asked, and
https://fluxcd.io/flux/cheatsheets/oci-artifacts/ what Flux puts there. Of an artifact the first layer counts,
as for Flux: https://fluxcd.io/flux/components/source/ocirepositories/#layer-selector. What a tag points to is
asked for with HEAD, which registries do not count as a pull. It refuses indexes of several artifacts, layers
that are no archive, and content that has not the digest that it goes by.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from http import HTTPStatus
from pathlib import Path
from typing import IO, Final
from urllib.parse import quote, urlsplit

import msgspec

from auditor.domain.history import RANGE
from auditor.domain.remotes import OCI
from auditor.errors import SourceRefused, SourceUnavailable
from auditor.sources.artifacts.channel import Channel, Server
from auditor.sources.artifacts.tags import highest, is_range
from auditor.sources.artifacts.unpacking import Bounds, unpacked
from auditor.sources.git.shelf import Entry, Revision

LATEST: Final = "latest"
"""The tag that is meant where none is named."""
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_TAG: Final = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
"""https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests"""
_MANIFESTS: Final = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_FLUX: Final = "application/vnd.cncf.flux."
_CHART: Final = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_ARCHIVES: Final = ("tar", "tar+gzip", "tar.gzip")
"""How the media types of layers end that are archives."""
_CREATED: Final = "org.opencontainers.image.created"
_AUTHORS: Final = "org.opencontainers.image.authors"
_SOURCE: Final = "org.opencontainers.image.revision"
"""https://github.com/opencontainers/image-spec/blob/main/annotations.md; ``flux push artifact`` sets them."""
_NEXT: Final = re.compile(r"<(/v2/[^>]*)>")
"""Where the next page is, on the same server: https://www.rfc-editor.org/rfc/rfc8288."""
_MOST_PAGES: Final = 200
_WORTH_COMPARING: Final = 300
_DIGEST_HEADER: Final = "Docker-Content-Digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """Where an artifact is, and which one: a tag, a digest (``sha256:…``) or a range of versions.

    A range is marked (``semver:>=1.2.0``), as Flux has it, or is no tag that there is, as Argo CD has it.
    """

    server: Server
    path: str
    ref: str = LATEST

    def __str__(self) -> str:
        """Name it for a person."""
        return f"{OCI}{self.server.host}/{self.path}"


class _Descriptor(msgspec.Struct, rename="camel"):
    """What a manifest says of a layer."""

    media_type: str = ""
    digest: str = ""
    size: int = 0


class _Manifest(msgspec.Struct):
    """What is read of a manifest. One that lists others is an index."""

    layers: list[_Descriptor] | None = None
    manifests: list[_Descriptor] | None = None
    annotations: dict[str, str] | None = None


class _Tags(msgspec.Struct):
    """What a registry says of tags."""

    tags: list[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """The layer that holds the files."""

    digest: str
    size: int
    kind: str


class RegistryArtifact:
    """One artifact, as something that has revisions: each goes by the digest of its manifest."""

    def __init__(
        self, artifact: Artifact, *, now: Callable[[], datetime], bounds: Bounds | None = None
    ) -> None:
        self._artifact = artifact
        self._now = now
        self._bounds = bounds or Bounds()

    @property
    def line(self) -> str:
        """What is followed."""
        return self._artifact.ref

    async def newest(self, ref: str) -> str:
        """Return the digest that a tag, a digest or a range of versions means now.

        Raises:
            SourceUnavailable: the registry cannot be reached, or has no such artifact.

        """
        if _DIGEST.fullmatch(ref):
            return ref
        with self._told():
            async with Channel(self._artifact.server) as channel:
                return await self._digest(channel, ref)

    async def fetch(self, revision: str, into: Path) -> tuple[Revision, Iterator[Entry]]:
        """Fetch an artifact by its digest; its files are read from what lies in the folder then.

        Raises:
            SourceUnavailable: it cannot be fetched, or is not what may be read.

        """
        with self._told():
            async with Channel(self._artifact.server) as channel:
                manifest = await self._manifest(channel, revision)
                layer = self._layer(manifest)
                file = into / "layer"
                await self._download(channel, layer, file)
        return self._described(revision, manifest), self._files(file, layer)

    # --- which one ---------------------------------------------------------------------------------

    async def _digest(self, channel: Channel, ref: str) -> str:
        if ref.startswith(RANGE):
            return await self._highest(channel, ref)
        if not _TAG.fullmatch(ref):
            if is_range(ref):
                return await self._highest(channel, ref)
            raise SourceUnavailable(f"{ref!r} is no tag, no digest and no range of versions")
        try:
            return await self._tagged(channel, ref)
        except SourceRefused as refusal:
            if refusal.status != HTTPStatus.NOT_FOUND:
                raise
        return await self._highest(channel, ref)

    async def _tagged(self, channel: Channel, tag: str) -> str:
        place = self._place("manifests", tag)
        answer = await channel.read(place, accept=", ".join(_MANIFESTS), method="HEAD")
        said = answer.headers.get(_DIGEST_HEADER, "")
        if _DIGEST.fullmatch(said):
            return said
        whole = await channel.read(place, accept=", ".join(_MANIFESTS))
        return _digest_of(whole.body)

    async def _highest(self, channel: Channel, ref: str) -> str:
        """The digest of the highest version in a range; says what there is instead where it is none."""
        try:
            tags = await self._tags(channel)
        except SourceRefused as refusal:
            if refusal.status != HTTPStatus.NOT_FOUND:
                raise
            tags = ()
        found = highest(ref, tags) if ref.startswith(RANGE) or is_range(ref) else None
        if found is None:
            raise SourceUnavailable(_absence(ref, tags))
        return await self._tagged(channel, found)

    async def _tags(self, channel: Channel) -> tuple[str, ...]:
        """All tags, page by page: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags."""
        found: list[str] = []
        place = self._place("tags", "list")
        for _ in range(_MOST_PAGES):
            answer = await channel.read(place, accept="application/json")
            tags = msgspec.json.decode(answer.body, type=_Tags).tags or ()
            found += (tag for tag in tags if _TAG.fullmatch(tag))
            after = _NEXT.match(answer.headers.get("Link", ""))
            if after is None:
                return tuple(found)
            place = after[1]
        raise SourceUnavailable("it has more tags than are read. Name one of them")

    def _place(self, kind: str, name: str) -> str:
        return f"/v2/{quote(self._artifact.path)}/{kind}/{name}"

    # --- what is in it -----------------------------------------------------------------------------

    async def _manifest(self, channel: Channel, digest: str) -> _Manifest:
        place = self._place("manifests", digest)
        answer = await channel.read(place, accept=", ".join(_MANIFESTS))
        if _digest_of(answer.body) != digest:
            raise SourceUnavailable(f"what it sent for {digest} has another digest")
        return msgspec.json.decode(answer.body, type=_Manifest)

    def _layer(self, manifest: _Manifest) -> _Layer:
        if manifest.manifests:
            raise SourceUnavailable("it is an index of several artifacts. Name one by its digest")
        first = next(iter(manifest.layers or ()), _Descriptor())
        if not first.media_type.endswith(_ARCHIVES):
            kind = first.media_type or "absent"
            raise SourceUnavailable(f"its first layer is no archive but {kind}")
        if not _DIGEST.fullmatch(first.digest):
            raise SourceUnavailable("its first layer has no digest of the form sha256:…")
        if not 0 < first.size <= self._bounds.packed:
            raise SourceUnavailable(f"it is larger than {self._bounds.packed // 2**20} MiB")
        return _Layer(digest=first.digest, size=first.size, kind=first.media_type)

    async def _download(self, channel: Channel, layer: _Layer, file: Path) -> None:
        with file.open("w+b") as content:
            place = self._place("blobs", layer.digest)
            await channel.download(place, content, most=layer.size)
            content.seek(0)
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if layer.digest != f"sha256:{found}":
            raise SourceUnavailable("what it sent has not the digest that it goes by")

    def _files(self, file: Path, layer: _Layer) -> Iterator[Entry]:
        """Read it to its end before anything of it is kept: what is refused must not fill the shelf."""
        with self._told(), file.open("rb") as content:
            for _ in self._entries(content, layer):
                pass
            yield from self._entries(content, layer)

    def _entries(self, content: IO[bytes], layer: _Layer) -> Iterator[Entry]:
        content.seek(0)
        links = not layer.kind.startswith(_FLUX)
        entries = unpacked(content, bounds=self._bounds, links=links)
        return _lifted(entries) if layer.kind == _CHART else entries

    def _described(self, revision: str, manifest: _Manifest) -> Revision:
        notes = manifest.annotations or {}
        author = notes.get(_AUTHORS) or notes.get(_SOURCE) or ""
        return Revision(id=revision, author=author, made=moment(notes.get(_CREATED), self._now()))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Put the name of the artifact before what went wrong."""
        try:
            yield
        except SourceUnavailable as error:
            raise SourceUnavailable(
                f"{self._artifact}: {error}", retry_after=error.retry_after
            ) from error
        except msgspec.DecodeError as error:
            raise SourceUnavailable(
                f"{self._artifact}: an answer is none of a registry ({error}). Check url"
            ) from error


def _absence(ref: str, tags: Sequence[str]) -> str:
    """Say what there is instead of a tag."""
    if not tags:
        return (
            "it is empty, or not to be seen. Push an artifact to it, or check the url and that the "
            "account may see it"
        )
    near = get_close_matches(ref, tags[:_WORTH_COMPARING], n=1) or tags[:3]
    what = "no tag in the range" if ref.startswith(RANGE) or is_range(ref) else "no tag"
    return f"it has {what} {ref!r}, but {', '.join(near)}. Correct ref, or push it"


def place_of(url: str) -> tuple[str, str]:
    """Tell the host (with its port) from the path, in ``oci://host/path``."""
    parts = urlsplit(url)
    return parts.netloc.lower(), parts.path.strip("/")


def _lifted(entries: Iterator[Entry]) -> Iterator[Entry]:
    """Take what is in the only folder of a packed chart, as Argo CD does: the chart lies at the root then.

    https://github.com/argoproj/argo-cd/blob/master/util/oci/client.go
    """
    folders = set()
    for entry in entries:
        folder, _, path = entry.path.partition("/")
        folders.add(folder)
        if len(folders) > 1 or not path:
            raise SourceUnavailable("a chart has all its files in one folder, and this one has not")
        yield replace(entry, path=path)


def _digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def moment(written: object, now: datetime) -> datetime:
    """When something was made, if that is told and not yet to come; else the moment it was seen."""
    try:
        told = datetime.fromisoformat(str(written))
    except ValueError:
        return now
    return min(told, now) if told.tzinfo else now
