"""Folders against the current cluster, without a configuration."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from auditor.app.folders import StandIns, open_within
from auditor.app.outside import real_seams
from auditor.app.scan import once, silently
from auditor.config.document import Configuration
from auditor.config.repositories import Repository as RepositoryChoice
from auditor.domain.report import Report
from auditor.ports import Repository

CLUSTER: Final = "current"
"""What the cluster is called where no context names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """What to compare with, and how far to go.

    ``kubeconfig`` and ``context`` name the cluster (the current one otherwise), ``namespace`` is that of
    objects that name none. ``discover`` says which owners are followed, ``beside`` which folders stand for
    other repositories.
    """

    context: str | None = None
    kubeconfig: Path | None = None
    namespace: str = ""
    unmanaged: bool = False
    discover: str | None = None
    beside: Mapping[str, Path] = field(default_factory=dict)


async def diff(paths: Sequence[Path], against: Against) -> Report:
    """Compare files and folders as they lie on disk with the cluster of a kubeconfig.

    Raises:
        ConfigError: the kubeconfig cannot be used.
        ManifestError: a path does not exist.

    """
    folders, desired = StandIns(), []
    for path in paths:
        tree, inside = open_within(path, against.beside.values())
        desired.append({"repository": folders.add(tree), "path": inside})
    folders.add_all(against.beside)
    return await _compare(_configuration(against, desired, folders), folders.repositories)


def _configuration(
    against: Against, desired: Sequence[Mapping[str, Any]], folders: StandIns
) -> Configuration:
    """What a configuration would say of it: folders stand for whichever revision is asked for."""
    cluster = {"name": CLUSTER, "context": against.context, "kubeconfig": against.kubeconfig}
    named = {key: value for key, value in cluster.items() if value is not None}
    how = {"cluster": CLUSTER, "namespace": against.namespace, "discover": against.discover}
    return Configuration.model_validate(
        {
            "apiVersion": "auditor/v1",
            "clusters": [{**named, "secrets": True}],
            "repositories": [
                {"name": known.name, "url": "/", "ref": known.ref, "aliases": known.urls}
                for known in folders.known
            ],
            "desired": [{**each, **how} for each in desired],
            "rules": {"unmanaged": _unmanaged(enabled=against.unmanaged)},
        }
    )


async def _compare(configuration: Configuration, folders: Mapping[str, Repository]) -> Report:
    @asynccontextmanager
    async def folder(choice: RepositoryChoice) -> AsyncIterator[Repository]:
        yield folders[choice.name]

    seams = replace(real_seams(configuration), repository=folder)
    async with once(configuration, seams) as audit:
        await audit.look(silently)
        return audit.report()


def _unmanaged(*, enabled: bool) -> dict[str, Any]:
    """Which namespaces are governed: those in which anything is declared, if at all."""
    return {"enabled": enabled, "namespaces": "inhabited"}
