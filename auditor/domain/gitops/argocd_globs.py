"""Patterns over paths, as Argo CD's two libraries for them read the same signs differently.

Of a directory's files, ``*`` matches any characters, slashes too (https://github.com/gobwas/glob without
separators); of values files, only ``**`` crosses a slash (https://github.com/bmatcuk/doublestar). Both
know ``?``, ``[abc]``, ``{a,b}`` and the backslash. It refuses to list files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from auditor.domain.gitops.argocd_fields import Unknowable

_SIGNS: Final = re.compile(
    r"\\(?P<escaped>.)|(?P<deep>/?\*\*/?)|(?P<any>\*)|(?P<one>\?)|\[(?P<negated>[!^]?)(?P<set>[^\]]+)\]"
    r"|(?P<open>\{)|(?P<next>,)|(?P<close>\})|(?P<plain>.)",
    re.DOTALL,
)


def is_pattern(text: str) -> bool:
    """Tell whether a name is a pattern."""
    return any(sign in text for sign in "*?[{")


def over_all(pattern: str) -> re.Pattern[str]:
    """Compile a pattern in which ``*`` matches slashes too.

    Raises:
        Unknowable: it cannot be read.

    """
    return _compiled(pattern, within=r".", deep=r".*")


def over_folders(pattern: str) -> re.Pattern[str]:
    """Compile a pattern in which only ``**`` goes through folders.

    Raises:
        Unknowable: it cannot be read.

    """
    return _compiled(pattern, within=r"[^/]", deep=r"(?:[^/]+/)*[^/]*")


def _compiled(pattern: str, *, within: str, deep: str) -> re.Pattern[str]:
    try:
        return re.compile("".join(_parts(pattern, within, deep)), re.DOTALL)
    except re.error as error:
        raise Unknowable(f"the pattern {pattern!r} cannot be read: {error.msg}") from error


def _parts(pattern: str, within: str, deep: str) -> Iterator[str]:
    depth = 0
    for found in _SIGNS.finditer(pattern):
        sign = found.lastgroup
        depth += (sign == "open") - (sign == "close" and depth > 0)
        if sign in _GROUPS and (depth or sign == "close"):
            yield _GROUPS[str(sign)]
        elif sign == "deep":
            yield _deep(found[0], within, deep)
        elif sign == "set":
            negation = "^" if found["negated"] else ""
            escaped = found["set"].replace("\\", r"\\").replace("[", r"\[")
            yield f"[{negation}{escaped}]"
        else:
            yield {"any": f"{within}*", "one": within}.get(
                str(sign), re.escape(found[found.lastindex or 0])
            )


_GROUPS: Final = {"open": "(?:", "next": "|", "close": ")"}


def _deep(sign: str, within: str, deep: str) -> str:
    """Translate ``**`` with the slashes around it, which it may stand for as well."""
    if within == ".":
        return re.escape(sign).replace(r"\*\*", deep)
    before = "/" if sign.startswith("/") else ""
    return f"{before}(?:[^/]+/)*" if sign.endswith("/") else f"{before}{deep}"
