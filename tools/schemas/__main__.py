"""Makes the data of ``auditor/state/builtin`` anew from a running API server.

    kubectl proxy --port 8001 &
    python -m tools.schemas http://127.0.0.1:8001

The server should be a fresh one: every kind that it serves is taken for built-in. Needs Go for the one
question that no server answers: which fields are pointers.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import yaml
import zstandard

from auditor.state import builtin
from auditor.state.openapi import slimmed
from tools.schemas.learn import Lessons, learn
from tools.schemas.server import Server

_HERE = Path(__file__).parent
_TARGET = Path(builtin.__file__).parent
_LEFT_OUT = ("authentication.k8s.io", "authorization.k8s.io")
"""Questions that are answered and never stored."""


def main() -> int:
    """Fetch, learn and write everything."""
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and its argument
        sys.stderr.write(f"{__doc__}\n")
        return 2
    server = Server(sys.argv[1])
    documents = {
        version: slimmed(document)
        for version, document in server.documents()
        if not version.startswith(_LEFT_OUT)
    }
    _write_documents(documents)
    _write_pointers()
    samples = list(yaml.safe_load_all((_HERE / "samples.yaml").read_text(encoding="utf-8")))
    lessons = learn(server, documents, samples)
    _write_defaults(server.version(), lessons)
    for problem in lessons.problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if lessons.problems else 0


def _write_documents(documents: dict[str, Any]) -> None:
    folder = _TARGET / "documents"
    folder.mkdir(exist_ok=True)
    for stale in folder.glob("*.zst"):
        stale.unlink()
    for version, document in documents.items():
        packed = zstandard.compress(msgspec.json.encode(document, order="sorted"), level=19)
        (folder / builtin.document_name(version)).write_bytes(packed)


def _write_pointers() -> None:
    command = ["go", "run", "."]
    done = subprocess.run(  # noqa: S603 - a program of this repository
        command, cwd=_HERE / "pointers", capture_output=True, check=True
    )
    pointers = json.loads(done.stdout)
    (_TARGET / "pointers.json").write_text(json.dumps(pointers, indent=1, sort_keys=True) + "\n")


def _write_defaults(version: str, lessons: Lessons) -> None:
    head = (
        "# What a real API server filled into objects that did not say it, by OpenAPI component and\n"
        "# field. Made by `python -m tools.schemas`; do not edit: overrides.yaml is for that.\n\n"
    )
    learned = json.loads(json.dumps(lessons.defaults))  # no value twice, so no anchors
    body = yaml.safe_dump({"server": version, "defaults": learned}, sort_keys=True)
    (_TARGET / "defaults.yaml").write_text(head + body, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
