"""``python -m benchmarks [NAME…]``: measure, print, and keep the results beside this file.

Results are committed with a description of the machine, since a time without it says nothing. Raise what is
asked of the machine with ``--large``: 100,000 objects need about 8 GB of memory, most of it for the API
server.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import comparing, following, latency, watching

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Run the benchmarks that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *_BENCHMARKS], metavar="NAME")
    parser.add_argument(
        "--large", action="store_true", help="go up to 100,000 objects, and through every commit"
    )
    chosen = parser.parse_args()
    for name in chosen.names or _BENCHMARKS:
        print(f"{name} …", flush=True)
        load = os.getloadavg()[0]
        result = _BENCHMARKS[name](chosen.large)
        print(json.dumps(result, indent=2), flush=True)
        _keep(name, result, load=(load, os.getloadavg()[0]))


def _scale(large: bool) -> Any:  # noqa: FBT001 - the one option there is
    sizes = (1_000, 20_000, 100_000) if large else (1_000, 20_000)
    return latency.measure(sizes, rate_at=(1_000, 20_000))


_BENCHMARKS: dict[str, Callable[[bool], Any]] = {
    "comparing": lambda _large: comparing.measure(),
    "following": lambda large: following.measure(None if large else 60),
    "watching": lambda _large: watching.measure(),
    "scale": _scale,
}


def _keep(name: str, result: Any, *, load: tuple[float, float]) -> None:
    """Keep a result with what it was measured on, and how busy that was before and after."""
    RESULTS.mkdir(exist_ok=True)
    whole = {
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": _machine(),
        "load": [round(each, 1) for each in load],
        "result": result,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(whole, indent=2) + "\n")


def _machine() -> dict[str, Any]:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


main()
