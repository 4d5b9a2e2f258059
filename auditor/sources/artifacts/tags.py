"""Which tag of an artifact is meant by a range of versions.

Flux says that it means a range, and takes tags alone that are versions with all their numbers:
https://fluxcd.io/flux/components/source/ocirepositories/#semver-example. Argo CD takes what is no tag for a
range, and lets an underscore stand for the plus that tags may not have:
https://github.com/argoproj/argo-cd/blob/master/util/oci/client.go. It refuses to ask a registry.
"""

from __future__ import annotations

from collections.abc import Iterable

from auditor.domain.history import RANGE
from auditor.domain.semver import Range, Version, parse_range, parse_strict, parse_version


def is_range(ref: str) -> bool:
    """Tell whether something may be meant as a range: what is one version is the name of a tag."""
    return parse_version(ref) is None and parse_range(ref) is not None


def highest(ref: str, tags: Iterable[str]) -> str | None:
    """The tag of the highest version in a range; nothing where no tag is in it, or it is none."""
    wanted = parse_range(ref.removeprefix(RANGE))
    if wanted is None:
        return None
    read = parse_strict if ref.startswith(RANGE) else _with_plus
    found = ((version, tag) for tag in sorted(tags) if (version := read(tag)) is not None)
    return _best(wanted, found)


def _with_plus(tag: str) -> Version | None:
    return parse_version(tag.replace("_", "+"))


def _best(wanted: Range, found: Iterable[tuple[Version, str]]) -> str | None:
    within = [(version.precedence, tag) for version, tag in found if wanted.allows(version)]
    return max(within, default=(None, None))[1]
