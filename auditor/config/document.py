"""The configuration as a whole, and what must hold between its parts.

It refuses to look outside: whether names fit together is decided here, whether files are there in
`auditor.config.premises`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PrivateAttr

from auditor.config.clusters import Cluster
from auditor.config.outputs import Bus, Http, Remediation, SinkChoice, Store
from auditor.config.repositories import Charts, Desired, Repository
from auditor.config.rules import RuleBook
from auditor.config.sections import Section


class Configuration(Section):
    """The whole of auditor.yaml."""

    api_version: Literal["auditor/v1"]
    """The version of this format: auditor/v1."""

    clusters: tuple[Cluster, ...] = Field(min_length=1)
    """Which clusters are audited."""

    repositories: tuple[Repository, ...] = ()
    """Which Git repositories are followed."""

    desired: tuple[Desired, ...] = Field(min_length=1)
    """What is declared, where, and for which cluster."""

    charts: Charts = Charts()
    """From where Helm charts may be fetched."""

    rules: RuleBook = RuleBook()
    """What to ignore, how severe findings are, how long to wait."""

    store: Store = Store()
    """Where findings are kept."""

    bus: Bus = Bus()
    """How the stages of the worker are joined."""

    sinks: tuple[SinkChoice, ...] = ()
    """Where findings go. Prometheus metrics and the HTTP API are always there."""

    remediation: Remediation = Remediation()
    """What may be done about findings."""

    http: Http = Http()
    """Health, metrics, the API and webhooks."""

    _folder: Path = PrivateAttr(default_factory=Path)

    def model_post_init(self, context: Any, /) -> None:
        """Keep the folder of the file: relative paths in the options of plugins start there."""
        self._folder = Path((context or {}).get("folder", Path()))

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from."""
        return self._folder
