"""Folders against the current cluster, without a configuration."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from auditor.app.outside import real_seams
from auditor.app.scan import once, silently
from auditor.config.document import Configuration
from auditor.config.repositories import Repository as RepositoryChoice
from auditor.domain.history import CommitInfo, Passage
from auditor.domain.report import Report
from auditor.errors import ManifestError, SourceUnavailable
from auditor.ports import Repository, Tree
from auditor.sources.git.directory import open_checkout, open_directory
from auditor.sources.git.objects import Objects

CLUSTER: Final = "current"
"""What the cluster is called where no context names it."""
_NOT_COMMITTED: Final = "working tree"


async def diff(
    paths: Sequence[Path],
    *,
    context: str | None = None,
    kubeconfig: Path | None = None,
    namespace: str = "",
    unmanaged: bool = False,
) -> Report:
    """Compare files and folders as they lie on disk with the cluster of a kubeconfig.

    Raises:
        ConfigError: the kubeconfig cannot be used.
        ManifestError: a path does not exist.

    """
    opened = [open_directory(path) for path in paths]
    folders = {
        f"path-{place}": FolderRepository(tree, _history(path))
        for place, (path, (tree, _)) in enumerate(zip(paths, opened, strict=True))
    }
    desired = [
        {"repository": name, "path": inside, "cluster": CLUSTER, "namespace": namespace}
        for name, (_, inside) in zip(folders, opened, strict=True)
    ]
    cluster = {"name": CLUSTER, "secrets": True, "context": context, "kubeconfig": kubeconfig}
    configuration = Configuration.model_validate(
        {
            "apiVersion": "auditor/v1",
            "clusters": [{key: value for key, value in cluster.items() if value is not None}],
            "repositories": [{"name": name, "url": "/"} for name in folders],
            "desired": desired,
            "rules": {"unmanaged": _unmanaged(enabled=unmanaged)},
        }
    )
    return await _compare(configuration, folders)


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


class FolderRepository:
    """A folder as the port `Repository`: one revision, the one that lies there now."""

    def __init__(self, tree: Tree, history: Objects | None = None) -> None:
        self._tree = tree
        self._history = history

    @property
    def name(self) -> str:
        """The folder's name."""
        return self._tree.repository

    async def head(self) -> str:
        """The commit that is checked out, or words to that effect."""
        return self._tree.revision or _NOT_COMMITTED

    def tree(self, commit: str) -> Tree:
        """The folder, whatever commit is asked for: there is only one."""
        del commit
        return self._tree

    def changed(self, before: str, after: str) -> frozenset[str]:
        """A folder has no history.

        Raises:
            SourceUnavailable: always.

        """
        raise SourceUnavailable(f"{self.name} is a folder and knows no {before} or {after}")

    def commit(self, commit: str) -> CommitInfo:
        """Whoever works in the folder, now."""
        now = datetime.now(UTC)
        return CommitInfo(id=commit, author="", authored=now, committed=now)

    def last_change(self, commit: str, passage: Passage) -> CommitInfo:
        """The commit that last changed a passage of a file that lies here as it was committed.

        Raises:
            SourceUnavailable: it was changed since, or the folder has no history.

        """
        if self._history is None or not self._is_committed(self._history, passage.path):
            raise SourceUnavailable(f"{self.name}: {passage.path} is not committed as it lies here")
        return self._history.last_change(commit, passage)

    def _is_committed(self, history: Objects, path: str) -> bool:
        try:
            return history.tree(self._tree.revision).read(path) == self._tree.read(path)
        except ManifestError:
            return False
