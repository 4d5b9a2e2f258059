"""Following a whole platform repository through its history: what a commit costs, against a cold render.

Every commit of a Flux repository goes through the forest, in order; at every tenth commit what is declared is
compared with what a cold start declares, to the last field and line. Charts lie in registries that are not
reached here: one that makes objects of any values stands for all of them, and helm renders it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pygit2

from auditor.telemetry.logs import configure_logging
from tests.histories import History
from tests.stack import build

BUNDLE = Path("../shared/corpora/_history/onedr0p+home-ops.bundle")
TOP = "kubernetes/flux/cluster"
URL = "https://github.com/onedr0p/home-ops"
EACH = 10


def measure(most: int | None = None) -> dict[str, Any]:
    """Replay the history; times are in seconds of the wall clock."""
    configure_logging(sys.stderr, level="critical")
    if not BUNDLE.exists():
        return {"skipped": f"{BUNDLE} is not there"}
    os.environ["PATH"] = build.search_path()
    with tempfile.TemporaryDirectory(prefix="auditor-bench-") as place:
        folder = Path(place)
        clone = ("git", "clone", "--quiet", "--bare", str(BUNDLE), str(folder / "home-ops"))
        subprocess.run(clone, check=True)
        git = pygit2.Repository(str(folder / "home-ops"))
        commits = [str(commit.id) for commit in git.walk(git.head.target)][::-1][:most]
        return asyncio.run(_replay(folder, commits))


async def _replay(folder: Path, commits: list[str]) -> dict[str, Any]:
    warm = History(folder / "home-ops", folder / "warm", top=TOP, url=URL)
    costs, cold_costs, differing, objects = [], [], [], 0
    for number, commit in enumerate(commits):
        costs.append(await _timed(warm, commit))
        if number % EACH == 0 or number == len(commits) - 1:
            place = folder / f"cold-{number}"
            cold = History(folder / "home-ops", place, top=TOP, url=URL)
            cold_costs.append(await _timed(cold, commit))
            objects = len(cold.declared())
            if warm.declared() != cold.declared():
                differing.append(commit)
            shutil.rmtree(place, ignore_errors=True)
            print(_line(number, len(commits), costs, cold_costs), flush=True)
    later = costs[1:]
    return {
        "commits": len(commits),
        "objects": objects,
        "problems": list(warm.forest.problems()),
        "compared": len(cold_costs),
        "differing": differing,
        "commit_seconds": _spread(later),
        "cold_seconds": _spread(cold_costs),
        "median_share": round(statistics.median(later) / statistics.median(cold_costs), 4),
    }


async def _timed(history: History, commit: str) -> float:
    started = time.perf_counter()
    await history.advance(commit)
    return time.perf_counter() - started


def _spread(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "median": round(statistics.median(ordered), 4),
        "p95": round(ordered[int(len(ordered) * 0.95)], 4),
        "max": round(ordered[-1], 4),
        "sum": round(sum(ordered), 1),
    }


def _line(number: int, commits: int, costs: list[float], cold: list[float]) -> str:
    median = statistics.median(costs[1:] or costs)
    return (
        f"  commit {number + 1}/{commits}: median {median:.3f} s, cold {cold[-1]:.2f} s, "
        f"load {os.getloadavg()[0]:.1f}"
    )
