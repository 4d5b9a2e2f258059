"""Answers of the programs that others use, kept in files of JSON lines beside the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_vectors(name: str) -> list[dict[str, Any]]:
    """Read all lines of a file."""
    text = (Path(__file__).parent / name).read_text()
    return [json.loads(line) for line in text.split("\n") if line]
