"""The ledger's file: its tables, its versions, and what can be wrong with it.

Write-ahead logging lets others read while the worker writes, and ``synchronous=FULL`` syncs every commit:
after a power cut the ledger must still know what it announced, or the same finding would be announced
again with another id. Group commit pays for it (https://www.sqlite.org/pragma.html#pragma_synchronous).

A row keeps its finding as the published JSON, so the file can be read with any SQLite tool. Times are
text, RFC 3339 in UTC with microseconds, which sorts.
"""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from auditor.errors import AuditorError, ConfigError, StoreUnavailable

APPLICATION_ID: Final = 0x44524654
"""``DRFT``: tells a ledger from any other SQLite file."""
_PAGE: Final = 4096
_BUSY_SECONDS: Final = 5.0

MIGRATIONS: Final = (
    """
    CREATE TABLE findings (
        fingerprint TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        object TEXT NOT NULL,
        resolved_at TEXT,
        body TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX findings_by_state ON findings (state, resolved_at);
    CREATE TABLE history (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        kind TEXT NOT NULL,
        at TEXT NOT NULL,
        body TEXT NOT NULL
    );
    CREATE INDEX history_by_fingerprint ON history (fingerprint, sequence);
    CREATE TABLE outbox (
        sequence INTEGER PRIMARY KEY REFERENCES history (sequence),
        fingerprint TEXT NOT NULL,
        at TEXT NOT NULL
    );
    CREATE INDEX outbox_by_fingerprint ON outbox (fingerprint, sequence);
    CREATE TABLE cursors (
        sink TEXT PRIMARY KEY,
        sequence INTEGER NOT NULL,
        position TEXT
    ) WITHOUT ROWID;
    CREATE TABLE dead_letters (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        sink TEXT NOT NULL,
        sequence INTEGER NOT NULL,
        id TEXT NOT NULL,
        reason TEXT NOT NULL,
        at TEXT NOT NULL,
        body TEXT NOT NULL
    );
    """,
)
"""What brings a file from version n to n+1. Once released, an entry never changes."""


def open_to_write(path: Path, *, max_bytes: int) -> sqlite3.Connection:
    """Open the ledger, make it if it is not there, and bring it up to this version.

    The connection may be handed to one other thread.

    Raises:
        ConfigError: the file cannot be used; names the remedy.
        StoreUnavailable: the disk does not answer now.

    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = _connect(path.resolve().as_uri())
    except OSError as error:
        raise unwritable(error, path) from error
    except sqlite3.Error as error:
        raise translated(error, path) from error
    try:
        _prepare(connection, path, max_bytes)
    except BaseException:
        connection.close()
        raise
    return connection


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open the ledger beside a running worker, or without one.

    Raises:
        ConfigError: there is no ledger, or the file cannot be used.
        StoreUnavailable: the disk does not answer now.

    """
    if not path.exists():
        raise ConfigError(
            f"{path}: there is no ledger yet; start the worker, or set store.path to its ledger"
        )
    try:
        connection = _connect(f"{path.resolve().as_uri()}?mode=ro")
        _check(connection, path)
    except sqlite3.Error as error:
        raise translated(error, path) from error
    return connection


def translated(error: sqlite3.Error, path: Path) -> AuditorError:
    """Say what SQLite's error means for whoever runs the auditor."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    if primary in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return ConfigError(
            f"{path}: the ledger is damaged ({error}); move it away and start again: what is wrong "
            "now is found anew, only the history is lost"
        )
    if primary == sqlite3.SQLITE_FULL:
        return StoreUnavailable(
            f"{path}: no room to record ({error}); free disk space or raise store.maxBytes"
        )
    return StoreUnavailable(f"{path}: cannot record now ({error})")


def unwritable(error: OSError, path: Path) -> ConfigError:
    """Say what to do about a place that cannot be written to."""
    return ConfigError(
        f"{path}: cannot write the ledger here ({error.strerror}); set store.path to a file in a "
        "folder that this account may write to"
    )


def stamp(time: datetime) -> str:
    """A moment as the tables keep it."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime:
    """What `stamp` wrote."""
    return datetime.fromisoformat(text)


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS
    )


def _prepare(connection: sqlite3.Connection, path: Path, max_bytes: int) -> None:
    try:
        version = _check(connection, path)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA max_page_count={max(1, max_bytes // _PAGE)}")
        connection.execute(f"PRAGMA journal_size_limit={64 * 2**20}")
        _migrate(connection, version)
        _verify(connection)
    except sqlite3.Error as error:
        raise translated(error, path) from error


def _check(connection: sqlite3.Connection, path: Path) -> int:
    """The file's version; 0 if it is empty."""
    application = _pragma(connection, "application_id")
    version = _pragma(connection, "user_version")
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application != APPLICATION_ID and (application or version or tables):
        raise ConfigError(f"{path}: this is another program's database; choose another store.path")
    if version > len(MIGRATIONS):
        raise ConfigError(
            f"{path}: a newer auditor wrote this ledger (version {version}, this one knows "
            f"{len(MIGRATIONS)}); upgrade the auditor or choose another store.path"
        )
    return version


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE; {script} PRAGMA application_id={APPLICATION_ID}; "
            f"PRAGMA user_version={number}; COMMIT;"
        )


def _verify(connection: sqlite3.Connection) -> None:
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        damage = sqlite3.DatabaseError(verdict)
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damage


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
