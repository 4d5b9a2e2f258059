"""Configurations for tests: the smallest one that holds, and one thing changed at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from auditor.config.document import Configuration
from auditor.config.loading import parse


def document(**changes: Any) -> dict[str, Any]:
    """The smallest configuration, with some of its top-level fields replaced."""
    smallest = {
        "apiVersion": "auditor/v1",
        "clusters": [{"name": "prod"}],
        "repositories": [{"name": "platform", "url": "https://git.example.com/platform.git"}],
        "desired": [{"repository": "platform", "cluster": "prod"}],
    }
    return smallest | changes


def configuration(folder: Path | None = None, **changes: Any) -> Configuration:
    """Load `document`. JSON is YAML, which spares the tests a YAML writer."""
    text = json.dumps(document(**changes))
    return parse(text, name="auditor.yaml", folder=folder or Path("/etc/auditor"))
