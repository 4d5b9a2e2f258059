"""Where a chart is, and how it is had from there: by ``helm pull``.

helm does what it does for people: indexes, ranges of versions, both kinds of repositories. It refuses to keep
anything, and to decide which addresses may be asked.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from auditor.domain.remotes import OCI, Login
from auditor.errors import ManifestError, SourceUnavailable
from auditor.renderers.chart_access import (
    REPOSITORY,
    ChartAccess,
    access_to,
    registry_file,
    repository_file,
    secrets_of,
    write_private,
)
from auditor.renderers.complaints import readable
from auditor.renderers.programs import HELM, Command, ProgramRunner
from auditor.renderers.workspace import Workspace, open_workspace

_EXACT: Final = re.compile(r"v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$")
_USERINFO: Final = re.compile(r"(?<=://)[^/@\s]*@")
_UNKNOWN_TO: Final = ("401 Un", "code 401", "403 For", "code 403", "credential not found")
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
    def is_in_registry(self) -> bool:
        """Tell whether it is in a registry, not in an HTTP repository."""
        return self.repository.startswith(OCI)

    @property
    def place(self) -> str:
        """The address of the chart itself in a registry, and of its repository else."""
        repository = self.repository.rstrip("/")
        return f"{repository}/{self.name}" if self.is_in_registry else repository

    @property
    def is_exact(self) -> bool:
        """Tell whether the version is one version, not a range of them."""
        return bool(_EXACT.match(self.version))

    def __str__(self) -> str:
        """Name the chart for a person, without what may be a password in its address."""
        shown = _USERINFO.sub("", self.repository)
        return f"chart {self.name} {self.version or '(latest)'} of {shown}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be repeated of the address: whoever writes one may put a password into it."""
        found = _USERINFO.search(self.repository)
        return (found[0], *found[0].rstrip("@").split(":")[1:]) if found else ()


class ChartPuller:
    """Has helm fetch charts, and tells it what it takes to reach them."""

    def __init__(self, runner: ProgramRunner, accesses: Sequence[ChartAccess] = ()) -> None:
        self._runner = runner
        self._accesses = tuple(accesses)

    def is_told(self, address: ChartAddress) -> bool:
        """Whether it was told how to reach the repository of a chart."""
        return self._access(address) is not None

    async def pull(self, address: ChartAddress) -> bytes:
        """Return the archive of a chart.

        Raises:
            ManifestError: there is no such chart.
            SourceUnavailable: the repository cannot be reached now, or a secret cannot be looked up.

        """
        access = self._access(address)
        login = access.login() if access and access.login else None
        async with open_workspace() as workspace:
            for arguments in _calls(address, access, login, workspace):
                await self._call(arguments, address, workspace, login)
            return await asyncio.to_thread(_only_file, workspace, address)

    def _access(self, address: ChartAddress) -> ChartAccess | None:
        return access_to(self._accesses, address.place)

    async def _call(
        self,
        arguments: tuple[str, ...],
        address: ChartAddress,
        workspace: Workspace,
        login: Login | None,
    ) -> None:
        command = Command(
            program=HELM.locate(),
            arguments=arguments,
            folder=workspace.tree,
            home=workspace.home,
            is_online=True,
        )
        try:
            answer = await self._runner.run(command)
        except ManifestError as error:
            raise SourceUnavailable(f"{address}: {error.reason}") from error
        if answer.status:
            hidden = (*secrets_of(login), *address.secrets)
            said = f"{answer.complaint}\n{answer.output.decode(errors='replace')}"
            raise _refusal(address, readable(said, workspace, hidden))


def _calls(
    address: ChartAddress, access: ChartAccess | None, login: Login | None, workspace: Workspace
) -> Iterator[tuple[str, ...]]:
    """What helm is called with, one after the other."""
    wanted = (f"--version={address.version}",) if address.version else ()
    pull = ("pull", *wanted, f"--destination={workspace.tree}")
    file = workspace.home / "access.json"
    if address.is_in_registry:
        write_private(file, registry_file(login, address.repository))
        yield (*pull, address.place, f"--registry-config={file}", *_trust(access))
    elif access is None:
        yield (*pull, address.name, f"--repo={address.repository}")
    else:
        write_private(file, repository_file(access, login, address.repository))
        known = (f"--repository-config={file}", f"--repository-cache={workspace.home / 'indexes'}")
        yield ("repo", "update", REPOSITORY, "--fail-on-repo-update-fail", *known)
        yield (*pull, f"{REPOSITORY}/{address.name}", *known)


def _trust(access: ChartAccess | None) -> Iterator[str]:
    if access is not None and access.is_plain:
        yield "--plain-http"
    if access is not None and access.ca is not None:
        yield f"--ca-file={access.ca}"


def _refusal(address: ChartAddress, words: str) -> ManifestError | SourceUnavailable:
    """Tell a chart that is not there from a repository that is not, or does not know who asks."""
    if any(part in words for part in _UNKNOWN_TO):
        return SourceUnavailable(
            f"{address} cannot be fetched: {words}. Check the credentials in charts.repositories."
        )
    if any(part in words for part in _ABSENT):
        return ManifestError(f"{address} is not there: {words}. Correct its name or version.")
    return SourceUnavailable(f"{address} cannot be fetched: {words}")


def _only_file(workspace: Workspace, address: ChartAddress) -> bytes:
    files = list(workspace.tree.glob("*.tgz"))
    if len(files) != 1:
        raise SourceUnavailable(f"{address} cannot be fetched: helm pull left no archive")
    return files[0].read_bytes()
