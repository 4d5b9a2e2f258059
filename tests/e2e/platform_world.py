"""A cluster to which a GitOps tool has applied a repository, without the tool and without our renderers.

What is applied comes from the programs themselves (kustomize, helm) or from the files, under the field
managers, labels and annotations that the tools use. The tools' own kinds are defined without schema where
their definitions are not at hand. It refuses to know what the auditor makes of it.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli.frame import run
from tests.e2e.story import GitFolder
from tests.stack.control_plane import ControlPlane

Body = dict[str, Any]


class PlatformWorld:
    """A repository, a cluster, and what ``auditor scan`` says of the two."""

    def __init__(self, folder: Path, cluster: ControlPlane, **configuration: Any) -> None:
        self.folder = folder
        self.cluster = cluster
        self.git = GitFolder(folder / "platform")
        self._configuration = configuration

    def copy(self, source: Path, under: str = "") -> None:
        """Take files of a corpus into the repository, for the time of the test."""
        shutil.copytree(source, self.git.folder / under, dirs_exist_ok=True)

    def scan(self, capsys: pytest.CaptureFixture[str]) -> Body:
        """Audit once, as a user would; the report as JSON."""
        file = self.folder / "auditor.yaml"
        store = {"path": str(self.folder / "ledger.db"), "cache": str(self.folder / "cache")}
        repository = {"name": "platform", "url": str(self.git.folder)}
        whole = {"apiVersion": "auditor/v1", "store": store, **self._configuration}
        whole["clusters"] = [{"name": "staging", "kubeconfig": str(self.cluster.kubeconfig)}]
        whole["repositories"] = [repository | self._configuration["repositories"]]
        file.write_text(yaml.safe_dump(whole))
        capsys.readouterr()
        code = run(["scan", "-c", str(file), "-o", "json", "--exit-zero"])
        said = capsys.readouterr()
        assert code in {0, 2}
        assert said.out, said.err
        report: Body = json.loads(said.out)
        return report

    def apply(self, bodies: Iterable[Body], manager: str) -> None:
        """Apply by server-side apply, as a tool does."""
        text = yaml.safe_dump_all(bodies)
        if text.strip():
            self.cluster.kubectl(
                *("apply", "--server-side", "--force-conflicts", f"--field-manager={manager}"),
                "--filename=-",
                input=text,
            )

    def define(self, group: str, version: str, *kinds: str) -> None:
        """Define kinds of a tool, without schema."""
        self.apply([_definition(group, version, kind) for kind in kinds], "installer")
        for kind in kinds:
            name = f"crd/{_plural(kind)}.{group}"
            self.cluster.kubectl("wait", "--for=condition=Established", name, "--timeout=30s")


def found(report: Body) -> dict[tuple[str, str], Body]:
    """Findings by check and name of the object."""
    return {(one["check"], one["object"]["name"]): one for one in report["findings"]}


def built(*command: str) -> list[Body]:
    """The objects that a program prints."""
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [body for body in yaml.safe_load_all(done.stdout) if body]


def marked(bodies: Iterable[Body], field: str, marks: Mapping[str, str]) -> list[Body]:
    """Objects with labels or annotations more."""
    copies = []
    for body in bodies:
        metadata = body["metadata"] | {field: (body["metadata"].get(field) or {}) | dict(marks)}
        copies.append(body | {"metadata": metadata})
    return copies


@contextlib.contextmanager
def chart_repository(folder: Path, chart: Mapping[str, str]) -> Iterator[str]:
    """Serve one chart over HTTP, and give the repository's address."""
    source = folder / "chart"
    for name, text in chart.items():
        file = source / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    served = folder / "served"
    subprocess.run(("helm", "package", str(source), "-d", str(served)), check=True)
    subprocess.run(("helm", "repo", "index", str(served)), check=True)
    handler = functools.partial(_Quiet, directory=str(served))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        """Print nothing."""


def _plural(kind: str) -> str:
    return f"{kind.lower()[:-1]}ies" if kind.endswith("y") else f"{kind.lower()}s"


def _definition(group: str, version: str, kind: str) -> Body:
    plural = _plural(kind)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "x-kubernetes-preserve-unknown-fields": True,
                        }
                    },
                }
            ],
        },
    }
