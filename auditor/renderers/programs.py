"""Runs the programs that render: helm and kustomize, on text that nobody vouches for.

A program gets no shell, no terminal and an environment made from nothing: its home and temporary files
lie in the render's own folder, no program is on its PATH, and the only proxy it knows is dead, so that
what escapes our own refusals still reaches no network. It is bounded in time, in what it says, in the size
of files it writes and in memory, and its whole process group ends with the render.

Memory is bounded by RLIMIT_DATA, not RLIMIT_AS: Go reserves far more addresses than it uses, and only
private writable pages count as data (https://man7.org/linux/man-pages/man2/getrlimit.2.html). The limit is
put on the running child (prlimit), because code between fork and exec is unsafe beside threads. Where the
platform has no prlimit, only Go's own soft limit holds. It refuses to know what a program's words mean.
"""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from auditor.errors import ManifestError

_MIB: Final = 2**20
_CHUNK: Final = 64 * 1024
_DEAD_PROXY: Final = "http://127.0.0.1:9"
"""The discard port (RFC 863), where nobody listens: whoever tries to fetch fails at once."""
_NETWORK_VARIABLES: Final = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
_EXHAUSTED: Final = ("out of memory", "cannot allocate memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a program may use: seconds, and bytes of memory, of output, of complaint, and of a file."""

    seconds: float = 60
    memory: int = 1024 * _MIB
    output: int = 64 * _MIB
    complaint: int = 64 * 1024
    file: int = 64 * _MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program by name, its page that says how to get it, and the arguments that print its version."""

    name: str
    website: str
    version_arguments: tuple[str, ...]

    def locate(self) -> Path:
        """Find the program on PATH.

        Raises:
            ManifestError: it is not there; says how to get it.

        """
        found = shutil.which(self.name)
        if found is None:
            raise ManifestError(
                f"the program {self.name} is needed to render this, and is not on PATH. Install it "
                f"({self.website}) where the auditor runs; the auditor's image has it."
            )
        return Path(found).resolve()


HELM: Final = Program(
    name="helm",
    website="https://helm.sh/docs/intro/install",
    version_arguments=("version", "--short"),
)
KUSTOMIZE: Final = Program(
    name="kustomize",
    website="https://kubectl.docs.kubernetes.io/installation/kustomize",
    version_arguments=("version",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One call of a program: in ``folder``, with a home in ``home``, which is its own.

    ``content`` is what it may read from its standard input.
    """

    program: Path
    arguments: tuple[str, ...]
    folder: Path
    home: Path
    is_online: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a program said: its exit status, its output, and its complaint as text."""

    status: int
    output: bytes
    complaint: str


class _Overflow(Exception):
    """A stream carried more than it may."""


class ProgramRunner:
    """Runs commands within bounds, and only so many at a time."""

    def __init__(self, bounds: Bounds | None = None, *, parallel: int | None = None) -> None:
        self.bounds = bounds or Bounds()
        self._turns = asyncio.Semaphore(parallel or max(2, os.cpu_count() or 1))
        self._versions: dict[tuple[str, int], str] = {}

    async def run(self, command: Command, *, within: timedelta | None = None) -> Answer:
        """Run one command; ``within`` is its own bound in place of the runner's.

        Raises:
            ManifestError: the program does not start, or exceeds a bound.

        """
        name = command.program.name
        limit = within.total_seconds() if within else self.bounds.seconds
        try:
            async with self._turns, asyncio.timeout(limit), _started(command, self.bounds) as child:
                answer = await _listen(child, self.bounds)
        except TimeoutError as error:
            raise ManifestError(
                f"{name} was ended after {limit:g} s. Declare less at once, or raise its timeout."
            ) from error
        except _Overflow as error:
            raise ManifestError(
                f"{name} put out more than {self.bounds.output // _MIB} MiB and was ended. "
                "Declare less at once."
            ) from error
        _refuse_exhaustion(answer, name, self.bounds)
        return answer

    async def version(self, program: Program) -> str:
        """Ask a program for its version, once for each of its files.

        Raises:
            ManifestError: it is missing, or does not say.

        """
        file = program.locate()
        key = (str(file), file.stat().st_mtime_ns)
        if key not in self._versions:
            self._versions[key] = await self._ask_version(program, file)
        return self._versions[key]

    async def _ask_version(self, program: Program, file: Path) -> str:
        with tempfile.TemporaryDirectory(prefix="auditor-version-") as home:
            command = Command(
                program=file,
                arguments=program.version_arguments,
                folder=Path(home),
                home=Path(home),
            )
            answer = await self.run(command)
        if answer.status:
            raise ManifestError(f"{file} does not say its version: {answer.complaint.strip()}")
        return answer.output.decode(errors="replace").strip()


@asynccontextmanager
async def _started(command: Command, bounds: Bounds) -> AsyncIterator[Process]:
    """Start a command in a session of its own, and end all of it afterwards."""
    try:
        with _standard_input(command) as stdin:
            child = await asyncio.create_subprocess_exec(
                command.program,
                *command.arguments,
                cwd=command.folder,
                env=_environment(command, bounds),
                stdin=stdin,
                stdout=PIPE,
                stderr=PIPE,
                start_new_session=True,
            )
    except OSError as error:
        raise ManifestError(f"{command.program} does not start: {error.strerror}.") from error
    try:
        _limit(child.pid, bounds)
        yield child
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        # Reads what is left in the pipes: a paused pipe would never report its end.
        await child.communicate()


@contextmanager
def _standard_input(command: Command) -> Iterator[int]:
    """Offer what a program may read as a file without name: it is there at once, so nobody has to feed it."""
    if not command.content:
        yield DEVNULL
        return
    with tempfile.TemporaryFile() as file:
        file.write(command.content)
        file.seek(0)
        yield file.fileno()


def _environment(command: Command, bounds: Bounds) -> dict[str, str]:
    """Make an environment that names nothing outside the render's own folder."""
    home = str(command.home)
    network = (
        {name: os.environ[name] for name in _NETWORK_VARIABLES if name in os.environ}
        if command.is_online
        else dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy"), _DEAD_PROXY)
    )
    return {
        "HOME": home,
        "TMPDIR": home,
        "PATH": f"{home}/bin",
        "XDG_CACHE_HOME": f"{home}/cache",
        "XDG_CONFIG_HOME": f"{home}/config",
        "XDG_DATA_HOME": f"{home}/data",
        # Named apart, because kustomize lets a repository choose where helm's data lies, and helm
        # runs the plugins that it finds there.
        "HELM_PLUGINS": f"{home}/plugins",
        "KUBECONFIG": "",
        "LANG": "C.UTF-8",
        "GOMEMLIMIT": str(bounds.memory * 3 // 4),
        "GOTRACEBACK": "none",
        **network,
        **command.environment,
    }


def _limit(pid: int, bounds: Bounds) -> None:
    """Bound a running child, and with it all that it starts."""
    limits = {
        resource.RLIMIT_DATA: bounds.memory,
        resource.RLIMIT_FSIZE: bounds.file,
        resource.RLIMIT_CORE: 0,
    }
    if not hasattr(resource, "prlimit"):
        return
    with suppress(ProcessLookupError):
        for kind, most in limits.items():
            resource.prlimit(pid, kind, (most, most))


async def _listen(child: Process, bounds: Bounds) -> Answer:
    """Read both streams to their ends."""
    if child.stdout is None or child.stderr is None:
        raise ValueError("the child was started without pipes")
    try:
        async with asyncio.TaskGroup() as group:
            output = group.create_task(_read(child.stdout, bounds.output))
            complaint = group.create_task(_read_head(child.stderr, bounds.complaint))
    except* _Overflow as errors:
        raise _Overflow from errors
    status = await child.wait()
    text = complaint.result().decode(errors="replace")
    return Answer(status=status, output=output.result(), complaint=text)


async def _read(stream: asyncio.StreamReader, most: int) -> bytes:
    """Read all of a stream that carries no more than it may."""
    content = bytearray()
    while chunk := await stream.read(_CHUNK):
        content += chunk
        if len(content) > most:
            raise _Overflow
    return bytes(content)


async def _read_head(stream: asyncio.StreamReader, most: int) -> bytes:
    """Read a stream to its end, and keep its beginning."""
    content = bytearray()
    while chunk := await stream.read(_CHUNK):
        content += chunk[: most - len(content)]
    return bytes(content)


def _refuse_exhaustion(answer: Answer, name: str, bounds: Bounds) -> None:
    """Say in one sentence what Go says in many when it gets no more memory."""
    is_starved = any(words in answer.complaint for words in _EXHAUSTED)
    if answer.status and (is_starved or answer.status < 0):
        raise ManifestError(
            f"{name} needed more than {bounds.memory // _MIB} MiB of memory, or was ended from outside "
            f"(status {answer.status}). Declare less at once."
        )
