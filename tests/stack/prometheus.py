"""One Prometheus that scrapes what a test tells it to.

The auditor's metrics and alert rules are judged by the program that will read them. This
module refuses to wait for a scrape: `query` answers what is known now, and whoever
expects a value polls for it.
"""

import json
import shutil
import subprocess
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stack import packages, web
from tests.stack.errors import PortTakenError, StackError
from tests.stack.ports import HOST, free_port, on_free_ports
from tests.stack.server import Server
from tests.stack.workspace import Workspace

PROGRAMS = ("prometheus", "promtool")
_INTERVAL = "1s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One series of an answer."""

    labels: Mapping[str, str]
    value: float


class Prometheus:
    """A Prometheus whose targets and rules can be changed while it runs."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        """Use `launch` instead."""
        self.folder = folder
        self._workspace = workspace
        self._address = f"{HOST}:{free_port()}"
        self.url = f"http://{self._address}"
        self.server: Server
        self._configuration.write_text(_configuration({}, ()))

    @classmethod
    def launch(cls, workspace: Workspace, *, name: str = "prometheus") -> "Prometheus":
        """Start a Prometheus without targets and wait until it serves."""

        def attempt() -> "Prometheus":
            prometheus = cls(workspace, workspace.make_folder(name))
            try:
                prometheus.start()
            except PortTakenError:
                shutil.rmtree(prometheus.folder)
                raise
            return prometheus

        return on_free_ports(attempt)

    def start(self) -> None:
        """Start it on its port, with the data that it has, and wait for it."""
        argv = (
            str(packages.locate("prometheus")),
            f"--config.file={self._configuration}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address={self._address}",
            "--web.enable-lifecycle",
            "--log.level=warn",
        )
        self.server = self._workspace.start(argv, log=self.folder / "prometheus.log")
        self.server.wait_until(lambda: web.answers(f"{self.url}/-/ready"))

    def stop(self) -> None:
        """End it in good order."""
        self.server.stop()

    def scrape(
        self,
        targets: Mapping[str, Sequence[str]] | Sequence[str],
        *,
        rules: Sequence[Path] = (),
    ) -> None:
        """Scrape these addresses (`host:port`, or a list of them for each job) from now on.

        Prometheus looks for changed targets every five seconds, and there is no flag for
        it: start the targets early and poll.

        Raises:
            StackError: Prometheus would refuse the configuration, as with a broken rule;
                it goes on with the one that it has.

        """
        jobs = targets if isinstance(targets, Mapping) else {"auditor": targets}
        fresh = self._configuration.with_suffix(".new")
        fresh.write_text(_configuration(jobs, rules))
        _check(fresh)
        fresh.rename(self._configuration)
        web.post(f"{self.url}/-/reload")

    def query(self, expression: str) -> list[Sample]:
        """Evaluate an expression now; a scalar is one sample without labels."""
        query = urllib.parse.urlencode({"query": expression})
        data = web.get_json(f"{self.url}/api/v1/query?{query}")["data"]
        if data["resultType"] == "scalar":
            return [Sample(labels={}, value=float(data["result"][1]))]
        return [
            Sample(labels=series["metric"], value=float(series["value"][1]))
            for series in data["result"]
        ]

    def get(self, path: str) -> Any:
        """Return what its API answers at this path, as `/api/v1/alerts`."""
        return web.get_json(f"{self.url}{path}")

    @property
    def _configuration(self) -> Path:
        return self.folder / "prometheus.yml"


def _configuration(jobs: Mapping[str, Sequence[str]], rules: Sequence[Path]) -> str:
    """Return the configuration as JSON, which is YAML too."""
    document = {
        "global": {"scrape_interval": _INTERVAL, "evaluation_interval": _INTERVAL},
        "rule_files": [str(path.resolve()) for path in rules],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": list(addresses)}]}
            for job, addresses in jobs.items()
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _check(configuration: Path) -> None:
    """Let promtool say what is wrong: the server would only say that something is."""
    argv = (packages.locate("promtool"), "check", "config", configuration)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(done.stdout + done.stderr)
