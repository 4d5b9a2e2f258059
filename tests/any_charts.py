"""A chart for whatever address is asked for: it makes of a release's values what depends on each of them.

Real charts lie in registries that no test reaches. What a commit costs, and whether following it ends where
a cold start begins, depends on values, versions and the program that renders, not on the templates.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile

import yaml

from auditor.renderers.chart_pulling import ChartAddress
from auditor.renderers.chart_store import Archive, ChartStore

_TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-values
  labels: {helm.sh/chart: "{{ .Chart.Name }}-{{ .Chart.Version }}"}
data:
  values: {{ toYaml .Values | quote }}
{{- range $name, $controller := .Values.controllers }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ $.Release.Name }}-{{ $name }}"}
spec:
  selector: {matchLabels: {app: {{ $name | quote }}}}
  template:
    metadata: {labels: {app: {{ $name | quote }}}}
    spec:
      containers:
        {{- range $container, $set := $controller.containers }}
        - name: {{ $container | quote }}
          image: "{{ dig "image" "repository" "none" $set }}:{{ dig "image" "tag" "none" $set }}"
        {{- else }} []
        {{- end }}
{{- end }}
"""


class AnyCharts(ChartStore):
    """Has every chart, in the version that is asked for."""

    async def fetch(self, address: ChartAddress) -> Archive:
        content = _packed(address.name, address.version if address.is_exact else "0.1.0")
        return Archive(content=content, digest=f"sha256:{hashlib.sha256(content).hexdigest()}")


def _packed(name: str, version: str) -> bytes:
    """The same bytes whenever the same is asked for: what is rendered is kept by them."""
    about = yaml.safe_dump({"apiVersion": "v2", "name": name, "version": version})
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, text in {"Chart.yaml": about, "templates/all.yaml": _TEMPLATE}.items():
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)
