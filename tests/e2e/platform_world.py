"""Clusters to which a GitOps tool has applied a repository, without the tool and without our renderers.

What is applied comes from the programs themselves (kustomize, helm) or from the files, under the field
managers, labels and annotations that the tools use, and by the tools' own definitions of their kinds. It
refuses to know what the auditor makes of it.
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
from typing import Any, NamedTuple

import pytest
import yaml

from auditor.cli.frame import run
from tests.e2e.story import GitFolder, wait_until
from tests.stack.control_plane import ControlPlane

Body = dict[str, Any]


class Told(NamedTuple):
    """What a finding says of where it belongs; ``category`` also tells which side moved."""

    cluster: str
    check: str
    category: str
    object: str
    chain: tuple[str, ...] = ()
    environment: str | None = None


class LivingCluster:
    """A cluster, and what somebody does to it."""

    def __init__(self, plane: ControlPlane) -> None:
        self.kubeconfig = plane.kubeconfig
        self.kubectl = plane.kubectl

    def apply(self, bodies: Iterable[Body], manager: str) -> None:
        """Apply by server-side apply, as a tool does, what others may live in first."""
        known = list(bodies)
        for first in (True, False):
            text = yaml.safe_dump_all(
                body for body in known if (body["kind"] in _BEFORE_OTHERS) == first
            )
            if text.strip():
                self.kubectl(
                    *("apply", "--server-side", "--force-conflicts", f"--field-manager={manager}"),
                    "--filename=-",
                    input=text,
                )

    def define(self, definitions: Iterable[Path]) -> None:
        """Define kinds, and wait until there may be objects of them."""
        files = [f"--filename={file}" for file in sorted(definitions)]
        self.kubectl("apply", "--server-side", *files)
        wait_until(lambda: self._are_established(files), within=60, what="kinds")

    def _are_established(self, files: list[str]) -> bool:
        """Tell whether objects may be written; ``kubectl wait`` gives up on what has no status yet."""
        listed = json.loads(self.kubectl("get", *files, "--output=json"))
        met = [
            {
                one["type"]
                for one in each["status"].get("conditions") or ()
                if one["status"] == "True"
            }
            for each in listed["items"]
        ]
        return all("Established" in conditions for conditions in met)

    def find(self, kind: str, name: str, namespace: str) -> Body:
        """One object as it lives."""
        printed = self.kubectl("get", kind, name, f"--namespace={namespace}", "-o=json")
        body: Body = json.loads(printed)
        return body

    def apply_status(self, bodies: Iterable[Body], manager: str) -> None:
        """Apply the status of objects, as their controller does."""
        self.kubectl(
            *("apply", "--server-side", "--force-conflicts", f"--field-manager={manager}"),
            *("--subresource=status", "--filename=-"),
            input=yaml.safe_dump_all(bodies),
        )


class PlatformWorld:
    """A repository, its clusters, and what ``auditor scan`` says of them."""

    def __init__(
        self, folder: Path, clusters: Mapping[str, ControlPlane], **configuration: Any
    ) -> None:
        self.folder = folder
        self.clusters = {name: LivingCluster(plane) for name, plane in clusters.items()}
        self.git = GitFolder(folder / "platform")
        self._configuration = configuration

    @property
    def cluster(self) -> LivingCluster:
        """The cluster, where there is but one."""
        (only,) = self.clusters.values()
        return only

    def copy(self, source: Path, under: str = "") -> None:
        """Take files of a corpus into the repository, for the time of the test."""
        shutil.copytree(source, self.git.folder / under, dirs_exist_ok=True)

    def replace(self, path: str, before: str, after: str) -> None:
        """Change a text in a file, which must be there."""
        file = self.git.folder / path
        text = file.read_text()
        assert before in text
        file.write_text(text.replace(before, after))

    def configuration(self) -> Body:
        """What there is to be audited, but for where the auditor keeps its own."""
        whole = dict(self._configuration)
        repository = {"name": "platform", "url": str(self.git.folder), "poll": "500ms"}
        whole["repositories"] = [repository | whole.pop("repositories", {})]
        whole["clusters"] = [
            {"name": name, "kubeconfig": str(cluster.kubeconfig)}
            for name, cluster in self.clusters.items()
        ]
        return whole

    def scan(self, capsys: pytest.CaptureFixture[str]) -> Body:
        """Audit once, as a user would; the report as JSON."""
        file = self.folder / "auditor.yaml"
        store = {"path": str(self.folder / "ledger.db"), "cache": str(self.folder / "cache")}
        whole = {"apiVersion": "auditor/v1", "store": store, **self.configuration()}
        file.write_text(yaml.safe_dump(whole))
        capsys.readouterr()
        code = run(["scan", "-c", str(file), "-o", "json", "--exit-zero"])
        said = capsys.readouterr()
        assert code in {0, 2}
        assert said.out, said.err
        report: Body = json.loads(said.out)
        return report


def told(findings: Iterable[Body]) -> set[Told]:
    """What findings say; none is lost, because no two have the same cluster, check and object."""
    return {_told(finding) for finding in findings}


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


_BEFORE_OTHERS = frozenset({"Namespace", "CustomResourceDefinition"})


def _told(finding: Body) -> Told:
    ref, owner = finding["object"], finding["owner"] or {}
    steps = (ref["group"], ref["kind"], ref["namespace"], ref["name"])
    return Told(
        cluster=finding["cluster"],
        check=finding["check"],
        category=finding["category"],
        object="/".join(filter(None, steps)),
        chain=tuple(owner.get("chain") or ()),
        environment=owner.get("environment"),
    )
