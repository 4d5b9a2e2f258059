"""Finds the word that somebody probably meant. It refuses to correct anything by itself."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, candidates: Iterable[str]) -> str:
    """Return ``; did you mean x?`` for the candidate most like a word, or nothing."""
    by_form = {candidate.lower(): candidate for candidate in candidates}
    found = difflib.get_close_matches(word.lower(), by_form, n=1, cutoff=0.6)
    return f"; did you mean {by_form[found[0]]}?" if found else ""
