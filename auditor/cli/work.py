"""Where the command line meets the composition root, which is imported only by commands that work.

Each function of ``auditor.app`` that a command calls stands in a module of its own name.
"""

from __future__ import annotations

import importlib
from typing import Any


def work(name: str) -> Any:
    """The function of the composition root that has this name: ``work("scan")``."""
    return getattr(importlib.import_module(f"auditor.app.{name}"), name)
