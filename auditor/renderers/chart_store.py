"""Charts of HTTP repositories and OCI registries, fetched once and kept.

A chart of an exact version is fetched once. What a range of versions comes to is asked for anew after a
while. A digest is remembered for good, also after the archive was dropped, so that a version that is
published anew with other content is refused instead of rendered; the digest that a configuration names is
held likewise. What is kept is checked at every use and bounded in bytes. It refuses to decide which
addresses may be asked: that is configuration.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

from auditor.errors import ManifestError, SourceUnavailable
from auditor.renderers.chart_pulling import ChartAddress, ChartPuller
from auditor.renderers.documents import read_documents
from auditor.renderers.packed_charts import packed_file
from auditor.renderers.programs import ProgramRunner

DEFAULT_CAPACITY: Final = 256 * 2**20
FRESH: Final = timedelta(minutes=10)
"""How long what a range came to is believed."""
_MOST_RANGES: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A chart as helm packs it, and the digest of it (``sha256:…``)."""

    content: bytes
    digest: str


class Versions:
    """What ranges of versions came to, as long as that is fresh; seconds on a clock that never goes back."""

    def __init__(
        self, freshness: timedelta = FRESH, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = freshness.total_seconds()
        self._monotonic = monotonic
        self._known: OrderedDict[str, tuple[float, ChartAddress]] = OrderedDict()

    def recall(self, address: ChartAddress) -> ChartAddress | None:
        """Return the version that a range came to, unless that was too long ago."""
        since, exact = self._known.get(address.key, (0.0, None))
        return exact if exact and self._monotonic() - since < self._seconds else None

    def keep(self, address: ChartAddress, exact: ChartAddress) -> None:
        """Remember what a range came to just now; of too many, the oldest are forgotten."""
        self._known[address.key] = (self._monotonic(), exact)
        self._known.move_to_end(address.key)
        while len(self._known) > _MOST_RANGES:
            self._known.popitem(last=False)


class ChartStore:
    """A folder of fetched charts. ``allowed`` are patterns of the repositories that may be reached."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        puller: ChartPuller | None = None,
        capacity: int = DEFAULT_CAPACITY,
        versions: Versions | None = None,
        allowed: Sequence[str] = ("*",),
    ) -> None:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
        self._folder = folder or cache / "drift-auditor" / "charts"
        self._puller = puller or ChartPuller(ProgramRunner())
        self._capacity = capacity
        self._versions = versions or Versions()
        self._allowed = tuple(allowed)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def fetch(self, address: ChartAddress) -> Archive:
        """Return a chart, from the folder if it is there.

        Raises:
            ManifestError: there is no such chart, its content is not what it was, or nothing may be
                fetched from there.
            SourceUnavailable: the repository cannot be reached now.

        """
        if not self._may_reach(address):
            raise ManifestError(
                f"{address} is not fetched: charts come from {self._places()}. "
                "If this one may be reached, add it to charts.allow."
            )
        async with self._turns.setdefault(address.key, asyncio.Lock()):
            content = await self._content(address)
        archive = Archive(content=content, digest=_digest(content))
        if address.digest and archive.digest != address.digest:
            raise ManifestError(
                f"{address} has the digest {archive.digest}, not {address.digest}. "
                "Find out why it changed; then correct the option digest."
            )
        return archive

    def is_told(self, address: ChartAddress) -> bool:
        """Tell whether the place of a chart is configured by name, and not only not ruled out."""
        return self._puller.is_told(address)

    def _may_reach(self, address: ChartAddress) -> bool:
        patterns = self._allowed
        return self.is_told(address) or any(
            fnmatchcase(address.repository, pattern) for pattern in patterns
        )

    def _places(self) -> str:
        """Say where charts come from, in words for a person."""
        return f"{', '.join(self._allowed)} alone" if self._allowed else "nowhere"

    async def _content(self, address: ChartAddress) -> bytes:
        """Return an archive: a kept one, or else what the repository has."""
        exact = address if address.is_exact else self._versions.recall(address)
        kept = None if exact is None else await asyncio.to_thread(self._recall, exact)
        if kept is not None:
            return kept
        content = await self._puller.pull(exact or address)
        if exact is None:
            exact = await asyncio.to_thread(_resolved, address, content)
            self._versions.keep(address, exact)
        await asyncio.to_thread(self._keep, exact, content)
        return content

    def _recall(self, address: ChartAddress) -> bytes | None:
        """Read a kept chart, unless it was harmed on disk."""
        file = self._folder / f"{address.key}.tgz"
        try:
            content = file.read_bytes()
            os.utime(file)
        except OSError:
            return None
        return content if self._remembered(address) == _digest(content) else None

    def _keep(self, address: ChartAddress, content: bytes) -> None:
        if not address.is_exact:
            return
        remembered = self._remembered(address)
        if remembered not in {None, _digest(content)}:
            raise ManifestError(
                f"{address} was published anew with other content: {_digest(content)}, "
                f"before {remembered}. Find out why; then remove {self._note(address)}, "
                "or use another version."
            )
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(self._folder / f"{address.key}.tgz", content)
            _write(self._note(address), _digest(content).encode())
            self._drop_oldest()
        except OSError as error:
            raise SourceUnavailable(
                f"{address} cannot be kept in {self._folder}: {error.strerror}"
            ) from error

    def _remembered(self, address: ChartAddress) -> str | None:
        try:
            return self._note(address).read_text()
        except OSError:
            return None

    def _note(self, address: ChartAddress) -> Path:
        return self._folder / f"{address.key}.digest"

    def _drop_oldest(self) -> None:
        """Keep within the capacity; what was not used for longest goes first."""
        files = sorted(self._folder.glob("*.tgz"), key=lambda file: -file.stat().st_mtime_ns)
        used = 0
        for file in files:
            used += file.stat().st_size
            if used > self._capacity:
                with suppress(FileNotFoundError):
                    file.unlink()


def _resolved(address: ChartAddress, content: bytes) -> ChartAddress:
    """Name the one version that was fetched for a range, as the chart itself does."""
    about = packed_file(content, "Chart.yaml")
    document = None if about is None else next(read_documents(about, "Chart.yaml"), None)
    said = document.value.get("version") if document and isinstance(document.value, dict) else None
    return replace(address, version=str(said or ""))


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _write(file: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
    partial.write_bytes(content)
    partial.replace(file)
