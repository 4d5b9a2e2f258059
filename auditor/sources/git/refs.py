"""Which commit a revision means, among the names of refs that a repository has: nothing is asked or fetched.

Written as owners write it. Argo CD takes a full commit id for itself, a range of versions for the highest tag
in it, then the name of a branch or tag, then the beginning of a commit id
(https://argo-cd.readthedocs.io/en/stable/user-guide/tracking_strategies/ and ``lsRemote`` in
https://github.com/argoproj/argo-cd/blob/v3.1.0/util/git/client.go). Flux says which of these it means, so its
ranges are marked, and its branches and tags have their full names
(https://github.com/fluxcd/pkg/blob/main/git/gogit/clone.go). No text of an owner's gets into a
fetch: only names that are there do.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Final

from auditor.domain.history import RANGE
from auditor.domain.semver import Version, parse_range, parse_strict, parse_version
from auditor.errors import SourceUnavailable

HEAD: Final = "HEAD"
BRANCHES: Final = "refs/heads/"
TAGS: Final = "refs/tags/"
COMMIT_LENGTH: Final = 40
_COMMIT: Final = re.compile(rf"[0-9a-fA-F]{{{COMMIT_LENGTH}}}")
_SHORT: Final = re.compile(rf"[0-9a-fA-F]{{7,{COMMIT_LENGTH}}}")
_PEELED: Final = "^{}"
"""Ends the name under which a server tells what a tag's object leads to: no ref is called so."""
_ZERO: Final = (0, 0, 0)
"""Argo CD takes a version only if it is above this one, where its search begins."""
_WORTH_COMPARING: Final = 300
"""Among more names nobody looks for one that is near."""
_SHOWN: Final = 60
_REMEMBERED: Final = 4_096


@dataclass(frozen=True, slots=True)
class Named:
    """Refs that are meant: one, or tags of versions that are the same but for their build's name.

    Of several the one with the youngest commit is meant.
    """

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ById:
    """A commit that is meant by its id, or by how that begins."""

    start: str


class Refs:
    """The names of all refs of a repository, for as long as these are the same."""

    def __init__(self, names: AbstractSet[str], *, repository: str) -> None:
        """Take in the names.

        Raises:
            SourceUnavailable: there are none.

        """
        self.names = names
        self._repository = repository
        self._answers: dict[str, Named | ById | str] = {}
        if not self.names:
            raise SourceUnavailable(f"{repository} is empty. Push a commit to it.")

    def find(self, revision: str) -> Named | ById:
        """Find what a revision means.

        Raises:
            SourceUnavailable: nothing; the message says what to do, and names what is near.

        """
        answer = self._answers.get(revision) or self._answer(revision)
        if len(self._answers) > _REMEMBERED:
            self._answers.clear()
        self._answers[revision] = answer
        if isinstance(answer, str):
            raise SourceUnavailable(answer)
        return answer

    def _answer(self, revision: str) -> Named | ById | str:
        try:
            return self._meant(revision)
        except SourceUnavailable as error:
            return str(error)

    def _meant(self, revision: str) -> Named | ById:
        if revision.startswith(RANGE):
            return self._in_range(revision.removeprefix(RANGE))
        if _COMMIT.fullmatch(revision):
            return ById(revision.lower())
        named = self._highest(revision) or self._named(revision)
        if named is not None:
            return named
        if _SHORT.fullmatch(revision):
            return ById(revision.lower())
        raise SourceUnavailable(self._absence(revision))

    def _named(self, revision: str) -> Named | None:
        """The ref of a name. A clone may know a branch from where it was cloned alone."""
        cloned = f"refs/remotes/origin/{revision.removeprefix(BRANCHES)}"
        names = (revision, BRANCHES + revision, TAGS + revision, f"refs/{revision}", cloned)
        present = (name for name in names if name in self.names and not name.endswith(_PEELED))
        return next((Named((name,)) for name in present), None)

    # --- ranges of versions ---

    def _highest(self, revision: str) -> Named | None:
        """The tag that Argo CD takes for a range; what is a version of its own is a name to it."""
        wanted = None if parse_version(revision) else parse_range(revision)
        if wanted is None:
            return None
        found = [one for one in self._versions if wanted.allows(one[0]) and one[0][:3] > _ZERO]
        best = max((version.precedence for version, _ in found), default=None)
        return next((Named((tag,)) for one, tag in found if one.precedence == best), None)

    def _in_range(self, text: str) -> Named:
        """The tags of which Flux takes the youngest."""
        wanted = parse_range(text)
        if wanted is None:
            raise SourceUnavailable(
                f"{_said(text)} is no range of versions. Write it as in >=1.2.0 <2.0.0."
            )
        found = [
            (version, tag)
            for version, tag in self._versions
            if parse_strict(tag.removeprefix(TAGS)) and wanted.allows(version)
        ]
        best = max((version.precedence for version, _ in found), default=None)
        if best is None:
            raise SourceUnavailable(
                f"{self._repository} has no tag whose version is in {_said(text)}. Push one."
            )
        return Named(tuple(tag for version, tag in found if version.precedence == best))

    @cached_property
    def _versions(self) -> tuple[tuple[Version, str], ...]:
        """Every tag that is a version, in the order of names."""
        tags = sorted(name for name in self.names if name.startswith(TAGS))
        read = ((parse_version(tag.removeprefix(TAGS)), tag) for tag in tags)
        return tuple((version, tag) for version, tag in read if version is not None)

    # --- words ---

    def _absence(self, revision: str) -> str:
        absent = f"{self._repository} has no branch or tag {_said(revision)}."
        if parse_range(revision) and not parse_version(revision):
            return f"{absent} No tag is a version in that range. Push one, or correct it."
        refs = (name for name in self.names if not name.endswith(_PEELED))
        short = sorted({name.split("/", 2)[-1] for name in refs} - {HEAD})
        few = short[:_WORTH_COMPARING] if len(short) <= _WORTH_COMPARING else []
        near = get_close_matches(revision[:_SHOWN], few, n=1) or short[:3]
        return f"{absent} " + (
            f"It has {', '.join(near)}; correct the name, or push it." if near else "Push it."
        )


def _said(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
