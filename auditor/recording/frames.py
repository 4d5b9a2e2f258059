"""What a recording consists of, one frame for each thing that a source received.

Frames are written as MessagePack maps with a ``kind``, so fields can be added later without making older
recordings unreadable. They refuse to hold what a source asked for beyond what tells answers apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Self

import msgspec

from auditor.domain.history import CONFIGURED, CommitInfo, Heads, Passage
from auditor.errors import (
    RetryableError,
    SourceRefused,
    SourceUnavailable,
    WatchExpired,
)
from auditor.recording.addresses import without_addresses

_SELECTING: Final = ("continue", "fieldSelector", "labelSelector")
"""Parameters that choose what is answered; the others only say how."""
JSON: Final = "application/json"


class _Frame(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", omit_defaults=True):
    """What all frames have in common: how they are written."""


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error that a source was given. ``status`` 410 stands for an expired watch, 0 for no answer."""

    message: str
    status: int = 0
    retry_after: float | None = None

    @classmethod
    def of(cls, error: RetryableError) -> Self:
        """Write an error down, without addresses."""
        status = getattr(error, "status", 410 if isinstance(error, WatchExpired) else 0)
        message = without_addresses(str(error))
        return cls(message=message, status=status, retry_after=error.retry_after)

    @property
    def error(self) -> RetryableError:
        """The error again."""
        if self.status == 410:  # noqa: PLR2004 - HTTP's Gone, as documented above
            return WatchExpired(self.message, retry_after=self.retry_after)
        if self.status:
            return SourceRefused(self.message, status=self.status, retry_after=self.retry_after)
        return SourceUnavailable(self.message, retry_after=self.retry_after)


def selection(params: Mapping[str, str]) -> dict[str, str]:
    """Keep of a query what chooses the answer."""
    return {name: params[name] for name in _SELECTING if params.get(name)}


class Answer(_Frame, frozen=True, kw_only=True, tag="answer"):
    """A cluster answered a request whole, or failed to."""

    cluster: str
    path: str
    accept: str = JSON
    params: dict[str, str] = msgspec.field(default_factory=dict)
    body: bytes = b""
    failure: Failure | None = None


class Opened(_Frame, frozen=True, kw_only=True, tag="opened"):
    """A stream began, or failed to. ``stream`` numbers the streams of the recording."""

    stream: int
    cluster: str
    path: str
    accept: str = JSON
    params: dict[str, str] = msgspec.field(default_factory=dict)
    failure: Failure | None = None


class Piece(_Frame, frozen=True, kw_only=True, tag="piece"):
    """Whole lines of a stream, as many as were complete at this moment."""

    stream: int
    body: bytes


class Ended(_Frame, frozen=True, kw_only=True, tag="ended"):
    """The other side ended a stream, or it broke."""

    stream: int
    failure: Failure | None = None


class LetGo(_Frame, frozen=True, kw_only=True, tag="let_go"):
    """The reader left a stream that went on."""

    stream: int


class Head(_Frame, frozen=True, kw_only=True, tag="head"):
    """Somebody looked where a repository is: its configured ref, and other revisions that were asked for.

    ``lacking`` says why there is none of some.
    """

    repository: str
    commit: str = ""
    revisions: dict[str, str] = msgspec.field(default_factory=dict)
    lacking: dict[str, str] = msgspec.field(default_factory=dict)
    failure: Failure | None = None

    @classmethod
    def of(cls, repository: str, heads: Heads) -> Self:
        """Write down where a repository stands."""
        others = {name: at for name, at in heads.commits.items() if name != CONFIGURED}
        return cls(
            repository=repository,
            commit=heads.commits.get(CONFIGURED, ""),
            revisions=others,
            lacking=dict(heads.lacking),
        )

    @property
    def heads(self) -> Heads:
        """Where the repository stood."""
        configured = {CONFIGURED: self.commit} if self.commit else {}
        return Heads(commits={**configured, **self.revisions}, lacking=self.lacking)


class File(msgspec.Struct, frozen=True, array_like=True):
    """A file of a listing. ``blob`` is a token for its content, not Git's id of it."""

    path: str
    blob: str


class Omission(msgspec.Struct, frozen=True, array_like=True):
    """Something that a tree leaves out, and why."""

    path: str
    line: int | None
    reason: str
    is_applied: bool = False


class Listing(_Frame, frozen=True, kw_only=True, tag="listing"):
    """The files below a folder at a commit; ``missing`` says why there is no such folder."""

    repository: str
    commit: str
    under: str = ""
    files: tuple[File, ...] = ()
    omissions: tuple[Omission, ...] = ()
    missing: str = ""


class Content(_Frame, frozen=True, kw_only=True, tag="content"):
    """What is in a file; ``withheld`` says why it is not recorded."""

    repository: str
    blob: str
    body: bytes = b""
    withheld: str = ""


class Changed(_Frame, frozen=True, kw_only=True, tag="changed"):
    """Which files differ between two commits."""

    repository: str
    before: str
    after: str
    paths: tuple[str, ...]


class Commit(_Frame, frozen=True, kw_only=True, tag="commit"):
    """Who made a commit, and when."""

    repository: str
    commit: str
    author: str
    committed: datetime
    authored: datetime | None = None

    @classmethod
    def of(cls, repository: str, info: CommitInfo) -> Self:
        """Write down what is known of a commit."""
        return cls(
            repository=repository,
            commit=info.id,
            author=info.author,
            committed=info.committed,
            authored=info.authored,
        )

    @property
    def info(self) -> CommitInfo:
        """What is known of the commit; recordings used to say when it was committed and no more."""
        return CommitInfo(
            id=self.commit,
            author=self.author,
            authored=self.authored or self.committed,
            committed=self.committed,
        )


class LastChange(_Frame, frozen=True, kw_only=True, tag="last_change"):
    """Which commit last changed a passage, as of a commit. ``fields`` are as they are printed."""

    repository: str
    commit: str
    path: str
    line: int | None = None
    fields: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    by: Commit

    @classmethod
    def of(cls, repository: str, commit: str, passage: Passage, info: CommitInfo) -> Self:
        """Write down which commit it is."""
        return cls(
            repository=repository,
            commit=commit,
            path=passage.path,
            line=passage.line,
            fields=_printed(passage),
            spans=passage.spans,
            by=Commit.of(repository, info),
        )

    @classmethod
    def key_of(cls, commit: str, passage: Passage) -> tuple[Any, ...]:
        """What was asked."""
        return commit, passage.path, passage.line, _printed(passage), passage.spans

    @property
    def key(self) -> tuple[Any, ...]:
        """What was asked; see `key_of`."""
        return self.commit, self.path, self.line, self.fields, self.spans


class Place(msgspec.Struct, frozen=True, array_like=True):
    """A passage that something was traced to; ``fields`` are as they are printed."""

    path: str
    line: int | None
    fields: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, passage: Passage) -> Self:
        """Write a passage down."""
        return cls(passage.path, passage.line, _printed(passage), passage.spans)

    def passage(self, asked: Passage) -> Passage:
        """The passage again; its fields are some of those that were asked about."""
        fields = tuple(one for one in asked.fields if str(one) in self.fields)
        return Passage(self.path, self.line, fields, self.spans)


class Traced(_Frame, frozen=True, kw_only=True, tag="traced"):
    """Which passages say what fields of an object are, as of a commit."""

    repository: str
    commit: str
    path: str
    line: int | None = None
    fields: tuple[str, ...] = ()
    name: str = ""
    places: tuple[Place, ...]

    @classmethod
    def of(cls, repository: str, commit: str, passage: Passage, places: Iterable[Passage]) -> Self:
        """Write down where a passage was traced to: not what is declared there, which may be secret."""
        return cls(
            repository=repository,
            commit=commit,
            path=passage.path,
            line=passage.line,
            fields=_printed(passage),
            name=_object_of(passage),
            places=tuple(map(Place.of, places)),
        )

    @classmethod
    def key_of(cls, commit: str, passage: Passage) -> tuple[Any, ...]:
        """What was asked."""
        return commit, passage.path, passage.line, _printed(passage), _object_of(passage)

    @property
    def key(self) -> tuple[Any, ...]:
        """What was asked; see `key_of`."""
        return self.commit, self.path, self.line, self.fields, self.name


def _printed(passage: Passage) -> tuple[str, ...]:
    return tuple(map(str, passage.fields))


def _object_of(passage: Passage) -> str:
    return passage.layers.name if passage.layers else ""


class Declared(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One rendered object: its reference, its body as JSON, where it stands and whose it is.

    ``owner`` is the tool, its own name and the entity; ``chain`` and ``environment`` are the owner's too,
    and not in recordings that were made before owners had them.
    """

    ref: tuple[str, str, str, str]
    version: str
    body: bytes
    path: str = ""
    line: int | None = None
    owner: tuple[str, str, str | None] | None = None
    chain: tuple[str, ...] = ()
    environment: str | None = None


class Rendered(_Frame, frozen=True, kw_only=True, tag="rendered"):
    """What was made of a root at a commit, or why it could not be: for good, or ``unreachable`` then.

    ``read`` are the files that went in, with tokens of their contents; ``is_told`` says that what the
    cluster says of itself went in as well, ``is_unasked`` that it was not asked for that yet. Recordings from
    before roots had names say which ``options`` the renderer was given, as JSON.
    """

    repository: str
    commit: str
    path: str
    cluster: str
    root: str = ""
    namespace: str = ""
    options: str = ""
    renderer: str = ""
    objects: tuple[Declared, ...] = ()
    skipped: tuple[Omission, ...] = ()
    read: dict[str, str] = msgspec.field(default_factory=dict)
    failure: Omission | None = None
    unreachable: Failure | None = None
    is_told: bool = False
    is_unasked: bool = False


class Finish(_Frame, frozen=True, kw_only=True, tag="finish"):
    """The recording was ended in order, not cut off."""


GitFrame = Listing | Content | Changed | Commit | LastChange | Traced | Rendered
"""What is known of commits. These are facts: they hold whenever they were written down."""

Frame = Answer | Opened | Piece | Ended | LetGo | Head | GitFrame | Finish
"""Everything that stands in a recording."""
