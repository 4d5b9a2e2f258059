"""Where the files are that operate the auditor: they are data to these tests, not code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"
CHART = ROOT / "charts" / "drift-auditor"
RULES = CHART / "rules" / "alerts.yaml"
DASHBOARD = CHART / "dashboards" / "overview.json"
OPERATIONS = ROOT / "docs" / "operations.md"


def read_yaml(path: Path) -> Any:
    """Read one YAML document."""
    return yaml.safe_load(path.read_text())
