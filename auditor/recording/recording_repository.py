"""A repository, with a recorder listening.

Git's own ids of files are hashes of their content, with which guesses at a secret could be checked; so a
recording holds tokens instead. Only files that somebody reads are in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from auditor.domain.history import CONFIGURED, CommitInfo, Heads, Passage
from auditor.errors import ManifestError, RetryableError
from auditor.ports import Blob, Repository, Skipped, Tree
from auditor.recording.frames import (
    Changed,
    Commit,
    Content,
    Failure,
    File,
    Head,
    LastChange,
    Listing,
    Omission,
    Traced,
)
from auditor.recording.recorder import Recorder


class RecordingRepository:
    """A `Repository` that writes down what another one says, and changes nothing of it."""

    def __init__(self, inner: Repository, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder
        self._noted: set[str] = set()

    @property
    def name(self) -> str:
        """The configured name."""
        return self._inner.name

    async def heads(self, revisions: Collection[str] = (CONFIGURED,)) -> Heads:
        """Look for news; see `auditor.ports.Repository.heads`."""
        try:
            heads = await self._inner.heads(revisions)
        except RetryableError as error:
            self._recorder.note(Head(repository=self.name, failure=Failure.of(error)))
            raise
        self._recorder.note(Head.of(self.name, heads))
        return heads

    def tree(self, commit: str) -> RecordingTree:
        """The files of a commit; see `auditor.ports.Repository.tree`."""
        return RecordingTree(self._inner.tree(commit), self._recorder, self._noted)

    def changed(self, before: str, after: str) -> frozenset[str]:
        """Paths of files that differ; see `auditor.ports.Repository.changed`."""
        paths = self._inner.changed(before, after)
        self._recorder.note(
            Changed(repository=self.name, before=before, after=after, paths=tuple(sorted(paths)))
        )
        return paths

    def commit(self, commit: str) -> CommitInfo:
        """Who made a commit, and when; see `auditor.ports.Repository.commit`."""
        info = self._inner.commit(commit)
        if commit not in self._noted:
            self._noted.add(commit)
            self._recorder.note(Commit.of(self.name, info))
        return info

    def trace(self, commit: str, passage: Passage) -> tuple[Passage, ...]:
        """What says more of a passage; what is read for it is not written down."""
        found = self._inner.trace(commit, passage)
        self._recorder.note(Traced.of(self.name, commit, passage, found))
        return found

    def last_change(self, commit: str, passage: Passage) -> CommitInfo:
        """The commit that last changed a passage; see `auditor.ports.Repository.last_change`."""
        info = self._inner.last_change(commit, passage)
        self._recorder.note(LastChange.of(self.name, commit, passage, info))
        return info


class RecordingTree:
    """A `Tree` that writes down what is asked of it. Safe to use from a thread, as rendering is."""

    def __init__(self, inner: Tree, recorder: Recorder, noted: set[str]) -> None:
        self._inner = inner
        self._recorder = recorder
        self._noted = noted

    @property
    def repository(self) -> str:
        """The repository's configured name."""
        return self._inner.repository

    @property
    def revision(self) -> str:
        """The commit id."""
        return self._inner.revision

    def blobs(self, under: str = "") -> Iterator[Blob]:
        """All files below a folder; see `auditor.ports.Tree.blobs`."""
        return iter(self._list(under))

    def omitted(self, under: str = "") -> Iterator[Skipped]:
        """What is left out below a folder; listed with its files."""
        return self._inner.omitted(under)

    def read(self, path: str, /) -> bytes:
        """The content of one file; see `auditor.ports.Tree.read`."""
        body = self._inner.read(path)
        for blob in self._inner.blobs(path):
            self._note_content(blob, body)
        return body

    def _list(self, under: str) -> list[Blob]:
        try:
            blobs = list(self._inner.blobs(under))
        except ManifestError as error:
            self._recorder.note(self._listing(under, missing=error.reason))
            raise
        if not self._is_noted(f"{self.revision}:{under}"):
            self._note_files(under, blobs)
        return blobs

    def _note_files(self, under: str, blobs: list[Blob]) -> None:
        omissions = tuple(
            Omission(skipped.path, skipped.line, skipped.reason)
            for skipped in self._inner.omitted(under)
        )
        files = tuple(File(blob.path, self._token(blob)) for blob in blobs)
        self._recorder.note(self._listing(under, files=files, omissions=omissions))

    def _listing(
        self,
        under: str,
        *,
        files: tuple[File, ...] = (),
        omissions: tuple[Omission, ...] = (),
        missing: str = "",
    ) -> Listing:
        return Listing(
            repository=self.repository,
            commit=self.revision,
            under=under,
            files=files,
            omissions=omissions,
            missing=missing,
        )

    def _note_content(self, blob: Blob, body: bytes) -> None:
        token = self._token(blob)
        if self._is_noted(token):
            return
        redacted = self._recorder.redactor.file(body)
        self._recorder.withheld(redacted, f"{self.repository}/{blob.path}")
        self._recorder.note(
            Content(
                repository=self.repository,
                blob=token,
                body=redacted.body,
                withheld=redacted.withheld,
            )
        )

    def _is_noted(self, fact: str) -> bool:
        known = fact in self._noted
        self._noted.add(fact)
        return known

    def _token(self, blob: Blob) -> str:
        return self._recorder.redactor.content_id(blob.id)
