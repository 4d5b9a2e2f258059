"""Texts from clusters and repositories inside Markdown, where they must mean nothing.

In code spans neither mentions nor markup have a meaning (https://github.github.com/gfm/#code-spans).
"""

from __future__ import annotations

from auditor.reports.wording import safe


def code(text: str) -> str:
    """Wrap a text in a code span that it cannot end, in a table cell that it cannot leave."""
    inert = safe(text).replace("|", "\\|").replace("`", "ˋ")
    return f"`{inert}`"


def escape(text: str) -> str:
    """Write a text inside an HTML element of a Markdown document."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
