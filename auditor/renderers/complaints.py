"""What a program complained about, made fit to be shown.

A message names files as the repository does, is no longer than a person reads, and holds no object body:
programs quote patches, generator arguments and values, and any of them may be a secret. It refuses to judge
whether the complaint is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from auditor.renderers.workspace import Workspace

_LONGEST: Final = 1500
_SHORTEST_SECRET: Final = 3
_QUOTED_BODIES: Final = (
    (re.compile(r"with config: `.*?(`|\Z)", re.DOTALL), "with its config"),
    (re.compile(r"(patch from )\[.*?(\]|\Z)", re.DOTALL), r"\1[…]"),
    (re.compile(r"(unmarshal !!\w+) `[^`]*`"), r"\1"),
    (re.compile(r"\[[^\[\]\n]*\n[^\]]*(\]|\Z)"), "[…]"),
    (re.compile(r"`[^`\n]*\n[^`]*(`|\Z)"), "`…`"),
)
_NOISE: Final = re.compile(r"^(# |\w+\.go:\d+: )?warning.*\n?", re.IGNORECASE | re.MULTILINE)
_TIMESTAMP: Final = re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d .*\n?", re.MULTILINE)


def readable(complaint: str, workspace: Workspace, confidential: Iterable[str] = ()) -> str:
    """Make one message of what a program wrote to its standard error."""
    text = workspace.in_repository_words(complaint)
    for pattern in (_NOISE, _TIMESTAMP):
        text = pattern.sub("", text)
    text = text.strip().removeprefix("Error: ").strip()
    for pattern, replacement in _QUOTED_BODIES:
        text = pattern.sub(replacement, text)
    for literal in sorted(_values(confidential), key=len, reverse=True):
        text = text.replace(literal, "<redacted>")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _values(literals: Iterable[str]) -> set[str]:
    """List literals (``key=value``), and their values alone."""
    parts = {part for text in literals for part in (text, text.partition("=")[2])}
    return {part for part in parts if len(part) >= _SHORTEST_SECRET}
