"""Files of a commit as text, and where in them a field was traced to."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.domain.fieldpath import FieldPath, Key, Segment
from auditor.domain.history import Layers, Passage
from auditor.errors import ManifestError
from auditor.sources.git.tracing.files import Files
from auditor.sources.git.tracing.trace import trace

WEB = Key((("name", "web"),))
IMAGE: tuple[Segment, ...] = ("spec", "template", "spec", "containers", WEB, "image")
REPLICAS: tuple[Segment, ...] = ("spec", "replicas")

BASE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  template:
    spec:
      containers:
        - name: web
          image: web:1
"""


def traced(
    files: Mapping[str, str],
    *fields: tuple[tuple[Segment, ...], str | None],
    own: str = "base/web.yaml",
    **layers: object,
) -> list[str]:
    """Trace fields of an object, each with its declared value; every place with what stands there."""
    chosen = {"kind": "Deployment", "name": "web", "base": "prod", **layers}
    passage = Passage(
        own,
        1,
        tuple(FieldPath(path) for path, _ in fields),
        layers=Layers(said=tuple(said for _, said in fields), files=tuple(files), **chosen),  # type: ignore[arg-type] # of the test's choosing
    )

    def read(path: str) -> bytes:
        if path not in files:
            raise ManifestError("there is no such file", path=path)
        return files[path].encode()

    return [_shown(files, place) for place in trace(Files(read), passage)]


def _shown(files: Mapping[str, str], place: Passage) -> str:
    """The place and, without indentation, the lines that are meant."""
    if not place.spans:
        return f"{place.path}: {', '.join(map(str, place.fields)) or 'all'}"
    lines = files[place.path].splitlines()
    texts = (line.strip() for first, last in place.spans for line in lines[first - 1 : last])
    assert place.line == min(first for first, _ in place.spans)
    return f"{place.path}:{place.line}: {' / '.join(texts)}"
