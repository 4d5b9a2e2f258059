"""A worker that leaves no trace: its ledger and cache end with it, and it publishes nothing by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from auditor.config.document import Configuration
from auditor.config.outputs import Http, SinkChoice, Store


def traceless(
    configuration: Configuration, folder: Path, *, sinks: Sequence[SinkChoice] = ()
) -> Configuration:
    """The same configuration, with everything that is kept below a folder, on a free port of this host."""
    changes = {
        "store": Store(path=folder / "ledger.db", cache=folder / "cache"),
        "sinks": tuple(sinks),
        "http": Http(listen="127.0.0.1:0"),
    }
    return configuration.model_copy(update=changes)
