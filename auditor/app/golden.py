"""Golden cases, judged by what is installed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from auditor.app.clock import SystemClock
from auditor.app.graph import load_comparison
from auditor.golden.reading import read_cases
from auditor.golden.running import Result, run_cases


def check_golden(paths: Iterable[Path]) -> tuple[Result, ...]:
    """Judge every case of files and folders.

    Raises:
        ConfigError: a file holds no cases, or wrong ones; a line for each problem.
        PluginError: a comparator does not load.

    """
    return run_cases(read_cases(paths), load_comparison(), at=SystemClock().now())
