"""Where a chart is, and how it is had from there: by ``helm pull``.

It refuses to keep anything, and to decide which addresses may be asked.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from auditor.errors import ManifestError, SourceUnavailable
from auditor.renderers.complaints import readable
from auditor.renderers.programs import HELM, Command, ProgramRunner
from auditor.renderers.workspace import Workspace, open_workspace

OCI: Final = "oci://"
_EXACT: Final = re.compile(r"v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$")
_ABSENT: Final = ("not found", "no chart version found", "no chart name found", "invalid chart")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartAddress:
    """Where a chart is: a repository's URL (``https://…`` or ``oci://…``), its name and version.

    ``digest`` is what the archive must hash to (``sha256:…``), if that is known.
    """

    repository: str
    name: str
    version: str
    digest: str = ""

    @property
    def key(self) -> str:
        """A file name that stands for the address."""
        parts = "\0".join((self.repository.rstrip("/"), self.name, self.version))
        return hashlib.sha256(parts.encode()).hexdigest()

    @property
    def is_exact(self) -> bool:
        """Tell whether the version is one version, not a range of them."""
        return bool(_EXACT.match(self.version))

    def __str__(self) -> str:
        """Name the chart for a person."""
        return f"chart {self.name} {self.version or '(latest)'} of {self.repository}"


class ChartPuller:
    """Has helm fetch charts."""

    def __init__(self, runner: ProgramRunner) -> None:
        self._runner = runner

    async def pull(self, address: ChartAddress) -> bytes:
        """Return the archive of a chart.

        Raises:
            ManifestError: there is no such chart.
            SourceUnavailable: the repository cannot be reached now.

        """
        async with open_workspace() as workspace:
            command = Command(
                program=HELM.locate(),
                arguments=("pull", *_arguments(address), f"--destination={workspace.tree}"),
                folder=workspace.tree,
                home=workspace.home,
                is_online=True,
            )
            try:
                answer = await self._runner.run(command)
            except ManifestError as error:
                raise SourceUnavailable(f"{address}: {error.reason}") from error
            if answer.status:
                raise _refusal(address, readable(answer.complaint, workspace))
            return await asyncio.to_thread(_only_file, workspace, address)


def _arguments(address: ChartAddress) -> Iterator[str]:
    if address.repository.startswith(OCI):
        yield f"{address.repository.rstrip('/')}/{address.name}"
    else:
        yield from (address.name, f"--repo={address.repository}")
    if address.version:
        yield f"--version={address.version}"


def _refusal(address: ChartAddress, words: str) -> ManifestError | SourceUnavailable:
    """Tell a chart that is not there from a repository that is not."""
    if any(part in words for part in _ABSENT):
        return ManifestError(f"{address} is not there: {words}. Correct its name or version.")
    return SourceUnavailable(f"{address} cannot be fetched: {words}")


def _only_file(workspace: Workspace, address: ChartAddress) -> bytes:
    files = list(workspace.tree.glob("*.tgz"))
    if len(files) != 1:
        raise SourceUnavailable(f"{address} cannot be fetched: helm pull left no archive")
    return files[0].read_bytes()
