"""Folders against the current cluster, without a configuration."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from auditor.app.folders import FolderRepository, open_within
from auditor.app.outside import real_seams
from auditor.app.scan import once, silently
from auditor.config.document import Configuration
from auditor.config.repositories import Repository as RepositoryChoice
from auditor.domain.report import Report
from auditor.ports import Repository
from auditor.sources.git.addresses import addresses_of
from auditor.sources.git.directory import open_checkout, open_directory
from auditor.sources.git.objects import Objects
from auditor.state.atlas import EVERY

CLUSTER: Final = "current"
"""What the cluster is called where no context names it."""
_NOT_COMMITTED: Final = "working tree"


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
    opened = [open_within(path, against.beside.values()) for path in paths]
    folders: dict[str, Repository] = {
        f"path-{place}": FolderRepository(tree, _history(path))
        for place, (path, (tree, _)) in enumerate(zip(paths, opened, strict=True))
    }
    desired = [
        {
            "repository": name,
            "path": inside,
            "cluster": CLUSTER,
            "namespace": against.namespace,
            "discover": against.discover,
        }
        for name, (_, inside) in zip(folders, opened, strict=True)
    ]
    aliases = {
        name: _addresses(path, against.beside) for name, path in zip(folders, paths, strict=True)
    }
    for place, (url, folder) in enumerate(against.beside.items()):
        folders[f"beside-{place}"] = FolderRepository(open_directory(folder)[0], _history(folder))
        aliases[f"beside-{place}"] = [url]
    return await _compare(_configuration(against, desired, aliases), folders)


def _configuration(
    against: Against, desired: list[dict[str, Any]], aliases: Mapping[str, list[str]]
) -> Configuration:
    """What a configuration would say of it: folders stand for whichever revision is asked for."""
    cluster = {"name": CLUSTER, "context": against.context, "kubeconfig": against.kubeconfig}
    named = {key: value for key, value in cluster.items() if value is not None}
    return Configuration.model_validate(
        {
            "apiVersion": "auditor/v1",
            "clusters": [{**named, "secrets": True}],
            "repositories": [
                {"name": name, "url": "/", "ref": EVERY, "aliases": urls}
                for name, urls in aliases.items()
            ],
            "desired": desired,
            "rules": {"unmanaged": _unmanaged(enabled=against.unmanaged)},
        }
    )


def _addresses(path: Path, beside: Mapping[str, Path]) -> list[str]:
    """What the repository around a path is called by others, as far as that can be told here."""
    within = [url for url, at in beside.items() if path.resolve().is_relative_to(at.resolve())]
    return [*addresses_of(path), *within]


def _history(path: Path) -> Objects | None:
    checkout = open_checkout(path)
    return None if checkout is None or checkout.repository.head_is_unborn else checkout.history


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
