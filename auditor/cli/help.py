"""How help texts end: with examples, each on its own line."""

from __future__ import annotations

from typing import Final

_AS_IT_IS: Final = "\b\n"
"""Tells click not to fold the lines that follow (see "Escaping Click's Wrapping" in its documentation)."""


def examples(*lines: str) -> str:
    """Lay examples out for the end of a help text."""
    return _AS_IT_IS + "\n".join(["Examples:", *(f"  {line}" for line in lines)])
