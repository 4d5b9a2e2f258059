"""Prints how accurate the comparators are on real manifests.

    python -m tests.accuracy [--manifests DIR] [--each N] [--seed N]

Needs what `make stack-build` makes; nothing of it outlives the run.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.accuracy import manifests
from tests.accuracy.planting import Way
from tests.accuracy.score import Score, Tally
from tests.accuracy.trial import Plan, run
from tests.stack.control_plane import ControlPlane
from tests.stack.workspace import Workspace

_CORPORA = Path(__file__).resolve().parents[2].parent / "shared" / "corpora"
_EXAMPLES = 60


def main() -> int:
    """Run one trial for each way of applying, and print the sum."""
    options = _options()
    total = Score()
    for way in Way:
        sys.stderr.write(f"{way}: a fresh cluster, every manifest, every change ...\n")
        with Workspace.temporary() as workspace:
            plane = ControlPlane.launch(workspace)
            bodies = manifests.read(options.manifests)
            total.add(run(plane, bodies, way, Plan(each=options.each, seed=options.seed)))
    _print(total)
    return 0 if total.recall == total.precision == 1 else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    parser.add_argument("--manifests", type=Path, default=_CORPORA, help="a folder of YAML")
    parser.add_argument("--each", type=int, default=25, help="changes of each class and way")
    parser.add_argument("--seed", type=int, default=1, help="which changes")
    return parser.parse_args()


def _print(score: Score) -> None:
    console = Console(width=None if sys.stdout.isatty() else 100)
    table = Table("change", "made", "judged rightly", "false alarms", "recall", title="Accuracy")
    for kind, tally in sorted(score.tallies.items(), key=lambda item: (not item[1].drift, item[0])):
        table.add_row(*_row(kind, tally))
    console.print(table)
    for way, count in score.objects.items():
        console.print(f"{count} objects by {way}")
    console.print(
        f"{score.mutations} drifts made; recall {score.recall:.2%}, precision {score.precision:.2%}"
    )
    for example in list(score.examples())[:_EXAMPLES]:
        console.print(example, markup=False, highlight=False)


def _row(kind: str, tally: Tally) -> tuple[str, ...]:
    name = kind if tally.drift else f"[dim]{kind}[/dim]"
    recall = f"{tally.recall:.1%}" if tally.made else "-"
    return name, str(tally.made), str(tally.found), str(tally.false), recall


if __name__ == "__main__":
    sys.exit(main())
