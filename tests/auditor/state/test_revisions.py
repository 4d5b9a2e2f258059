"""What of the desired state survives a restart."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.errors import StoreUnavailable
from auditor.state.earlier import Kept
from auditor.state.revisions import Remembered, SqliteRevisions
from tests.builders import ref
from tests.doubles import START

KEPT = Kept(root="apps", written=ref(), revision="abc", until=START + timedelta(microseconds=5))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


async def test_nothing_is_remembered_at_first(path: Path) -> None:
    """A root that was never kept is no root with an empty past."""
    assert await SqliteRevisions(path).recall("apps") is None


async def test_what_was_kept_is_recalled(path: Path) -> None:
    """By another process, to the microsecond, also what was not declared."""
    kept = (KEPT, Kept(root="apps", written=ref(namespace=""), revision="", until=START))
    remembered = Remembered(revision="def", earlier=kept)

    await SqliteRevisions(path).keep("apps", remembered)

    assert await SqliteRevisions(path).recall("apps") == remembered


async def test_keeping_replaces_what_was_kept_of_that_root(path: Path) -> None:
    """And of no other."""
    store = SqliteRevisions(path)
    other = Remembered(
        revision="1", earlier=(Kept(root="x", written=ref(), revision="0", until=START),)
    )
    await store.keep("x", other)
    await store.keep("apps", Remembered(revision="abc", earlier=(KEPT,)))

    await store.keep("apps", Remembered(revision="def"))

    assert await store.recall("apps") == Remembered(revision="def")
    assert await store.recall("x") == other


async def test_a_file_may_be_shared_with_other_tables(path: Path) -> None:
    """It leaves them alone."""
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE findings (id TEXT)")
        database.execute("INSERT INTO findings VALUES ('x')")
    database.close()

    await SqliteRevisions(path).keep("apps", Remembered(revision="abc"))

    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT id FROM findings").fetchall()
    database.close()
    assert rows == [("x",)]


def spoil(path: Path, content: bytes | None) -> None:
    """Put something else where the database belongs: bytes, or a folder."""
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)


@pytest.mark.parametrize("content", [b"this is no database, but long enough to look at" * 99, None])
async def test_a_file_that_cannot_be_used_is_said(path: Path, content: bytes | None) -> None:
    """With its path and a remedy."""
    spoil(path, content)

    with pytest.raises(StoreUnavailable, match=r"ledger\.db: .*Check"):
        await SqliteRevisions(path).recall("apps")
