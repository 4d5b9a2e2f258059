"""A repository, as it was recorded.

What is known of commits holds at any time and is at hand from the start; only where the ref is comes with
time.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from auditor.domain.history import CONFIGURED, CommitInfo, Heads, Passage
from auditor.errors import ManifestError, SourceUnavailable
from auditor.ports import Blob, Skipped
from auditor.recording.frames import (
    Changed,
    Commit,
    Content,
    GitFrame,
    Head,
    LastChange,
    Listing,
    Rendered,
    Traced,
)


class GitFacts:
    """Everything that a recording knows of the commits of one repository."""

    def __init__(self) -> None:
        self.listings: dict[str, list[Listing]] = defaultdict(list)
        self.contents: dict[str, Content] = {}
        self.changes: dict[tuple[str, str], frozenset[str]] = {}
        self.commits: dict[str, Commit] = {}
        self.last_changes: dict[tuple[Any, ...], LastChange] = {}
        self.traces: dict[tuple[Any, ...], Traced] = {}
        self.renderings: list[tuple[int, Rendered]] = []

    def learn(self, at: int, frame: GitFrame) -> None:
        """Take in one fact, written down at so many milliseconds."""
        match frame:
            case Listing():
                self.listings[frame.commit].append(frame)
            case Content():
                self.contents[frame.blob] = frame
            case Changed():
                self.changes[frame.before, frame.after] = frozenset(frame.paths)
            case Commit():
                self.commits[frame.commit] = frame
            case LastChange():
                self.last_changes[frame.key] = frame
            case Traced():
                self.traces[frame.key] = frame
            case Rendered():
                self.renderings.append((at, frame))

    def files(self, commit: str) -> dict[str, str]:
        """All files of a commit that were listed: path to content token, in path order."""
        listed = (file for listing in self.listings[commit] for file in listing.files)
        return {file.path: file.blob for file in sorted(listed, key=lambda file: file.path)}


class ReplayRepository:
    """A `Repository` that the player feeds."""

    def __init__(self, facts: GitFacts, *, name: str) -> None:
        self._facts = facts
        self._name = name
        self._heads: asyncio.Queue[Head] = asyncio.Queue()

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    def point(self, head: Head) -> None:
        """Give where the ref is to whoever looks, now or later."""
        self._heads.put_nowait(head)

    async def heads(self, revisions: Collection[str] = (CONFIGURED,)) -> Heads:
        """Wait until somebody looked while recording; of several looks the latest counts.

        Raises:
            SourceUnavailable: it failed then.

        """
        head = await self._heads.get()
        while not self._heads.empty():
            head = self._heads.get_nowait()
        if head.failure is not None:
            raise head.failure.error
        unknown = "is not in the recording"
        told = head.heads
        return Heads(
            commits={each: told.commits[each] for each in revisions if each in told.commits},
            lacking={
                each: told.lacking.get(each, f"repository {self._name}: {each} {unknown}")
                for each in revisions
                if each not in told.commits
            },
        )

    def tree(self, commit: str) -> ReplayTree:
        """The files of a commit; see `auditor.ports.Repository.tree`."""
        if commit not in self._facts.listings:
            raise self._unknown(commit)
        return ReplayTree(self._facts, name=self._name, commit=commit)

    def changed(self, before: str, after: str) -> frozenset[str]:
        """Paths of files that differ; see `auditor.ports.Repository.changed`."""
        recorded = self._facts.changes.get((before, after))
        if recorded is not None:
            return recorded
        for commit in (before, after):
            if commit not in self._facts.listings:
                raise self._unknown(commit)
        old, new = self._facts.files(before), self._facts.files(after)
        return frozenset(p for p in old.keys() | new.keys() if old.get(p) != new.get(p))

    def commit(self, commit: str) -> CommitInfo:
        """Who made a commit, and when; see `auditor.ports.Repository.commit`."""
        known = self._facts.commits.get(commit)
        if known is None:
            raise self._unknown(commit)
        return known.info

    def trace(self, commit: str, passage: Passage) -> tuple[Passage, ...]:
        """What was found to say more of a passage; itself where nobody looked."""
        known = self._facts.traces.get(Traced.key_of(commit, passage))
        if known is None:
            return (replace(passage, layers=None),)
        return tuple(place.passage(passage) for place in known.places)

    def last_change(self, commit: str, passage: Passage) -> CommitInfo:
        """The commit that last changed a passage; see `auditor.ports.Repository.last_change`."""
        known = self._facts.last_changes.get(LastChange.key_of(commit, passage))
        if known is None:
            raise self._unknown(f"what changed {passage.path} before {commit}")
        return known.by.info

    def _unknown(self, commit: str) -> SourceUnavailable:
        return SourceUnavailable(f"repository {self._name}: {commit} is not in the recording")


class ReplayTree:
    """A `Tree` of what was read while recording."""

    def __init__(self, facts: GitFacts, *, name: str, commit: str) -> None:
        self._facts = facts
        self._name = name
        self._commit = commit
        self._files = facts.files(commit)

    @property
    def repository(self) -> str:
        """The repository's configured name."""
        return self._name

    @property
    def revision(self) -> str:
        """The commit id."""
        return self._commit

    def blobs(self, under: str = "") -> Iterator[Blob]:
        """All files below a folder that was listed; see `auditor.ports.Tree.blobs`."""
        self._covering(under)
        return (self._blob(path) for path in self._files if _is_below(path, under))

    def omitted(self, under: str = "") -> Iterator[Skipped]:
        """What was left out below a folder; see `auditor.ports.Tree.omitted`."""
        omissions = {
            omission: None
            for listing in self._covering(under)
            for omission in listing.omissions
            if _is_below(omission.path, under)
        }
        return (Skipped(path=o.path, line=o.line, reason=o.reason) for o in omissions)

    def read(self, path: str, /) -> bytes:
        """The content of one file.

        Raises:
            ManifestError: it was not read while recording, or is withheld.

        """
        content = self._facts.contents.get(self._files.get(path, ""))
        if content is None:
            raise ManifestError("is not in the recording", path=path)
        if content.withheld:
            raise ManifestError(f"is not in the recording: it {content.withheld}", path=path)
        return content.body

    def _blob(self, path: str) -> Blob:
        content = self._facts.contents.get(self._files[path])
        return Blob(path, self._files[path], len(content.body) if content else 0)

    def _covering(self, under: str) -> Sequence[Listing]:
        listings = [
            listing
            for listing in self._facts.listings[self._commit]
            if _is_below(under, listing.under)
        ]
        if not listings or all(listing.missing for listing in listings):
            reason = next((listing.missing for listing in listings), "is not in the recording")
            raise ManifestError(reason, path=under)
        return listings


def _is_below(path: str, folder: str) -> bool:
    folder = folder.strip("/")
    return not folder or path.strip("/") == folder or path.startswith(f"{folder}/")
