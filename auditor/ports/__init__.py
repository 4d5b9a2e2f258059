"""What the parts expect of each other, as protocols: all that is plugged in or doubled in tests.

This module refuses to contain behaviour.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from auditor.domain.capabilities import NO_CLUSTER, Capabilities
from auditor.domain.finding import Deviation
from auditor.domain.history import CONFIGURED, CommitInfo, Heads, Passage
from auditor.domain.manifest import Manifest
from auditor.domain.pair import Pair
from auditor.domain.reasoning import Reason


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """The present moment, UTC."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class Comparator(Protocol):
    """Says what is wrong with one pair. Pure: the same pair, the same answer.

    One whose answer depends on the status of objects of some kinds only, or of none, may say so with an
    attribute ``reads_status_of: frozenset[GroupKind]``. Where all installed ones do, changes of status
    alone of objects of any other kind wake nobody.
    """

    def __call__(self, pair: Pair, /) -> Iterable[Deviation]:
        """Report every deviation; none means that all is well as far as this comparator looks."""


@runtime_checkable
class Explaining(Protocol):
    """What a comparator is besides, if it can tell how it comes to what it says.

    It is for people who ask, so it may take its time. A comparator that is a function carries it as an
    attribute of this name.
    """

    def reasons(self, pair: Pair, /) -> Iterable[Reason]:
        """Tell of every field that is not literally the same why it is reported, or is not."""


# --- desired state ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A document that was left out, and why. ``is_applied``: it lives all the same, as nobody knows what."""

    path: str
    line: int | None
    reason: str
    is_applied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something to know about what is declared, in words for a person; nothing was left out for it."""

    path: str
    line: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of a tree. ``id`` is a content hash; ``size`` is in bytes; ``path`` is POSIX."""

    path: str
    id: str
    size: int


class Tree(Protocol):
    """Files of one revision of a repository, or of a folder. Symlinks that leave it are not in it."""

    @property
    def repository(self) -> str:
        """The repository's configured name."""

    @property
    def revision(self) -> str:
        """The commit id; empty for a folder that is no checkout."""

    def blobs(self, under: str = "") -> Iterator[Blob]:
        """All files below a folder (or the file itself), in path order.

        Raises:
            ManifestError: there is no such path.

        """

    def read(self, path: str, /) -> bytes:
        """The content of one file.

        Raises:
            ManifestError: no such file, or it is larger than what is read.

        """

    def omitted(self, under: str = "") -> Iterator[Skipped]:
        """What lies below a folder and is not in `blobs`: submodules, links that leave, big files."""


class Repository(Protocol):
    """Where trees come from: a Git repository, or a recording of one."""

    @property
    def name(self) -> str:
        """The configured name."""

    async def heads(self, revisions: Collection[str] = (CONFIGURED,)) -> Heads:
        """Look for news once, and tell where revisions are: all that are asked for, found or not.

        Raises:
            SourceUnavailable: the repository cannot be reached.

        """

    def tree(self, commit: str) -> Tree:
        """The files of a commit that is at hand.

        Raises:
            SourceUnavailable: the commit is not at hand (any more).

        """

    def changed(self, before: str, after: str) -> frozenset[str]:
        """Paths of files that differ between two commits, and links to them.

        Raises:
            SourceUnavailable: a commit is not at hand (any more).

        """

    def commit(self, commit: str) -> CommitInfo:
        """Who made a commit, and when.

        Raises:
            SourceUnavailable: the commit is not at hand (any more).

        """

    def trace(self, commit: str, passage: Passage) -> tuple[Passage, ...]:
        """The passages that say what the fields of a passage are, by its layers: itself where none does.

        What comes back has no layers. May take a while: ask in a thread.

        Raises:
            SourceUnavailable: the commit is not at hand (any more).

        """

    def last_change(self, commit: str, passage: Passage) -> CommitInfo:
        """The commit that last changed a passage, as of a commit. May take seconds: ask in a thread.

        Raises:
            SourceUnavailable: nobody can tell: there is no such path, or its history is not at hand.

        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What a renderer made of a tree. Where ``manifests`` are packed, each look unpacks anew.

    ``read`` holds the blobs that went in (path to blob id): the render is the same while they are.
    ``told`` is what the cluster said of itself, where that went in too.
    """

    manifests: Sequence[Manifest]
    skipped: tuple[Skipped, ...] = ()
    remarks: tuple[Remark, ...] = ()
    read: Mapping[str, str] = field(default_factory=dict)
    renderer: str = "plain"
    told: Capabilities | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """What to render: a path of a tree, for a cluster.

    ``namespace`` is what namespaced objects without one get; ``options`` are the renderer's own.
    ``capabilities`` is what the cluster says of itself; ``None``: it was not asked yet. ``root`` only
    names what is rendered.
    """

    path: str
    cluster: str
    namespace: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    capabilities: Capabilities | None = NO_CLUSTER
    root: str = ""


class Renderer(Protocol):
    """Turns a tree into manifests."""

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        """Render one path.

        Raises:
            ManifestError: something declared cannot be read; names file, place and remedy.
            SourceUnavailable: what it needs from elsewhere (a chart) cannot be reached now.
            ClusterUnasked: it depends on what the cluster says of itself, and that is not known yet.

        """


# --- actual state ----------------------------------------------------------------------------------


class ApiTransport(Protocol):
    """Where the bytes of one cluster's API come from: a server, or a recording of one.

    ``path`` starts with a slash; ``params`` is the query. Both methods raise the same errors.
    """

    async def get(self, path: str, params: Mapping[str, str], *, accept: str) -> bytes:
        """Read one answer whole.

        Raises:
            SourceRefused: the server answered with an error.
            SourceUnavailable: it did not answer.
            WatchExpired: what was asked for is no longer held (410).

        """

    def stream(
        self, path: str, params: Mapping[str, str], *, accept: str
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open an answer without end, and read it as it comes, in pieces of any size.

        Entering the context waits for the server's first word; both entering and reading may raise.
        """


@runtime_checkable
class DryRunning(Protocol):
    """What a transport is besides, if it can ask what applying something would come to.

    A recording is not: it can only tell what was asked.
    """

    async def dry_run(self, path: str, body: bytes) -> bytes:
        """Apply one object (JSON) server-side without keeping it, and read what it would be.

        Raises as `ApiTransport.get` does; no error says anything of what is in the object.
        """
