"""What the ignore rules of a source leave of a repository, as far as folders can say it.

The rules are those of ``.gitignore``, matched against files: the last rule that matches counts, and a file is
taken in again below a folder that is left out:
https://fluxcd.io/flux/components/source/gitrepositories/#excluding-files. It refuses to guess: rules that
single out files which may be manifests are not understood here.
"""

from __future__ import annotations

import posixpath
import re
from typing import Final

from auditor.domain.gitops.flux_fields import clean
from auditor.domain.gitops.flux_mounts import overlaps

_EVERYTHING: Final = frozenset({"*", "**", "/*", "/**", "**/*", "/**/*"})
_MANIFESTS: Final = (".yaml", ".yml", ".json", ".tpl")
_PATTERN: Final = re.compile(r"[*?\[\]{}\\!]")
_ANYWHERE: Final = re.compile(r"^/?(?:[^*?\[\]{}\\]+/)?\*\*/")


def kept_folders(rules: str, path: str) -> tuple[str, ...] | None:
    """The folders that the rules leave, where they leave all that matters below a path.

    An empty name is the root. ``None`` where folders cannot say it.
    """
    lines = [line.strip() for line in rules.splitlines()]
    said = [line for line in lines if line and not line.startswith("#")]
    start = max((n for n, line in enumerate(said, 1) if line in _EVERYTHING), default=0)
    kept: list[str] = [] if start else [""]
    for line in said[start:]:
        if not line.startswith("!"):
            if not _is_harmless(line, path):
                return None
        elif start:
            folder = _folder(line[1:])
            if not folder:
                return None
            kept.append(folder)
    return tuple(kept)


def is_inert(pattern: str) -> bool:
    """Tell whether a pattern picks out nothing but files that no renderer reads as manifests: ``*.md``."""
    name = _ANYWHERE.sub("", pattern)
    if "/" in name:
        return False
    suffix = posixpath.splitext(name)[1]
    stem = name.removesuffix(suffix).removeprefix("*")
    return bool(suffix) and suffix not in _MANIFESTS and not _PATTERN.search(stem + suffix)


def _is_harmless(rule: str, path: str) -> bool:
    """Tell whether a rule leaves out nothing that matters below a path."""
    if is_inert(rule.removeprefix("/")):
        return True
    folder = _folder(rule)
    if folder is not None:
        return bool(folder) and not overlaps(folder, path)
    name = rule.rstrip("/").removeprefix("**/")
    return name.startswith(".") and not _PATTERN.search(name)


def _folder(rule: str) -> str | None:
    """The one path that a rule is about; ``None`` where it may be about several."""
    bare = rule.removesuffix("/**").removesuffix("/*").removesuffix("/")
    if _PATTERN.search(bare) or "/" not in bare:
        return None
    return clean(bare)
