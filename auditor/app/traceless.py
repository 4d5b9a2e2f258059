"""A worker that leaves no trace: its ledger and cache end with it, and it publishes nothing by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from auditor.config.document import Configuration
from auditor.config.outputs import Http, SinkChoice, Store

ANY_PORT: Final = "127.0.0.1:0"


def traceless(
    configuration: Configuration,
    folder: Path,
    *,
    sinks: Sequence[SinkChoice] = (),
    listen: str = ANY_PORT,
) -> Configuration:
    """The same configuration, with everything that is kept below a folder."""
    changes = {
        "store": Store(path=folder / "ledger.db", cache=folder / "cache"),
        "sinks": tuple(sinks),
        "http": Http(listen=listen),
    }
    return configuration.model_copy(update=changes)
