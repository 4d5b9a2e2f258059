"""URLs of one repository are recognised, whatever their form."""

from __future__ import annotations

import pytest

from auditor.http.remotes import named_by, same_repository


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.com/org/x",
        "https://git.example.com/org/x.git",
        "https://Git.Example.com/Org/X/",
        "https://me@git.example.com/org/x.git",
        "ssh://git@git.example.com/org/x.git",
        "ssh://git@git.example.com:2222/org/x.git",
        "git@git.example.com:org/x.git",
        "git.example.com:org/x",
        "git://git.example.com/org/x",
    ],
)
def test_all_forms_come_to_the_same(url: str) -> None:
    """Scheme, user, port, case and ending do not matter."""
    assert same_repository(url) == "git.example.com/org/x"


@pytest.mark.parametrize(
    "url", ["https://git.example.com/org/y", "https://other.example.com/org/x", "/org/x"]
)
def test_another_host_or_path_is_another_repository(url: str) -> None:
    """A local folder is on no host."""
    assert same_repository(url) != "git.example.com/org/x"


def test_every_repository_of_a_url_is_named() -> None:
    """Two branches of one repository are two sources."""
    remotes = {"a": "https://h/x", "b": "git@h:x.git", "c": "https://h/y"}

    assert named_by(["https://h/x.git"], remotes) == ("a", "b")
