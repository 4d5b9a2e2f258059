"""YAML that is to be written again is read first, whatever it is."""

from __future__ import annotations

import pytest

from auditor.recording.flow import Unreadable, read_documents


@pytest.mark.parametrize("text", ["a: " + "[" * 60_000, "a: &x [*x]", "{", "a: 1\na: 2\n"])
def test_what_cannot_be_written_again_is_unreadable(text: str) -> None:
    """A file that nobody renders is read as well, and must not end the recorder."""
    with pytest.raises(Unreadable):
        list(read_documents(text))
