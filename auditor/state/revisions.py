"""What of the desired state survives a restart: commits and names, never bodies.

With it a worker that was killed still knows that an object is behind and since when, by rendering the
commits again from Git. It refuses to hold anything that a manifest says.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, TypeVar

from auditor.domain.identity import ObjectRef
from auditor.errors import StoreUnavailable
from auditor.state.earlier import Kept

_T = TypeVar("_T")
_BUSY_SECONDS: Final = 10
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS rendered_revisions (root TEXT PRIMARY KEY, revision TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS earlier_declarations (
    root TEXT NOT NULL, cluster TEXT NOT NULL, api_group TEXT NOT NULL, kind TEXT NOT NULL,
    namespace TEXT NOT NULL, name TEXT NOT NULL, revision TEXT NOT NULL, until TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS earlier_declarations_by_root ON earlier_declarations (root);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What was kept of a root: the commit that was rendered last, and earlier declarations."""

    revision: str
    earlier: tuple[Kept, ...] = ()


class RevisionStore(Protocol):
    """Keeps over a restart which commits declared what."""

    async def recall(self, root: str) -> Remembered | None:
        """Return what was kept of a root; ``None`` if nothing.

        Raises:
            StoreUnavailable: the store cannot be read.

        """

    async def keep(self, root: str, remembered: Remembered) -> None:
        """Keep this of a root instead of what was kept; on return it is on disk.

        Raises:
            StoreUnavailable: nothing was kept.

        """


class SqliteRevisions:
    """A `RevisionStore` in an SQLite file, which it may share with others.

    Connections live for one call each: this is asked once a commit.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def recall(self, root: str) -> Remembered | None:
        """Return what was kept of a root; ``None`` if nothing.

        Raises:
            StoreUnavailable: the file cannot be read.

        """
        return await asyncio.to_thread(self._within, lambda database: _recall(database, root))

    async def keep(self, root: str, remembered: Remembered) -> None:
        """Keep this of a root instead of what was kept, in one transaction.

        Raises:
            StoreUnavailable: nothing was kept.

        """
        await asyncio.to_thread(self._within, lambda database: _keep(database, root, remembered))

    def _within(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        with _translated(self._path), closing(_open(self._path)) as database, database:
            return work(database)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        reason = f"{path}: {error}. Check that the file can be written and the disk has room."
        raise StoreUnavailable(reason) from error


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_BUSY_SECONDS)
    database.executescript(_TABLES)
    return database


def _recall(database: sqlite3.Connection, root: str) -> Remembered | None:
    found = database.execute(
        "SELECT revision FROM rendered_revisions WHERE root = ?", (root,)
    ).fetchone()
    if found is None:
        return None
    rows = database.execute("SELECT * FROM earlier_declarations WHERE root = ?", (root,))
    return Remembered(revision=found[0], earlier=tuple(_kept(row) for row in rows))


def _kept(row: Sequence[str]) -> Kept:
    root, *parts, revision, until = row
    return Kept(
        root=root, written=ObjectRef(*parts), revision=revision, until=datetime.fromisoformat(until)
    )


def _keep(database: sqlite3.Connection, root: str, remembered: Remembered) -> None:
    database.execute("DELETE FROM earlier_declarations WHERE root = ?", (root,))
    database.executemany(
        "INSERT INTO earlier_declarations VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(kept) for kept in remembered.earlier],
    )
    database.execute(
        "INSERT INTO rendered_revisions VALUES (?, ?) "
        "ON CONFLICT (root) DO UPDATE SET revision = excluded.revision",
        (root, remembered.revision),
    )


def _row(kept: Kept) -> tuple[str, ...]:
    ref = kept.written
    place = (ref.cluster, ref.group, ref.kind, ref.namespace, ref.name)
    return (kept.root, *place, kept.revision, kept.until.isoformat())
