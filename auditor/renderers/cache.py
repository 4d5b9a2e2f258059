"""Renderings kept by the seal of their plan, so that a commit costs what it touched.

The seal stands for the content of all that is read, the options and the program's version: the same seal,
the same objects, whatever the commit. On disk, bounded in bytes; what was not used for longest goes first;
what was harmed on disk is rendered again. A rendering that holds Secret values is kept in memory only,
because such values are written nowhere. It refuses to keep failures: they are tried again.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Final, Generic, TypeVar

import msgspec
import zstandard

from auditor.domain.manifest import Origin, manifest_from
from auditor.ports import Remark, Rendering, RenderRequest, Skipped, Tree
from auditor.renderers.plan import Plan, PlanningRenderer

DEFAULT_CAPACITY: Final = 256 * 2**20
DEFAULT_MEMORY: Final = 32 * 2**20
_SUFFIX: Final = ".render"

Subject = TypeVar("Subject")


class _Object(msgspec.Struct, array_like=True):
    """A rendered object, and where in the tree it comes from."""

    body: dict[str, Any]
    path: str | None
    line: int | None


class _Omission(msgspec.Struct, array_like=True):
    """A document that was left out, or that there is a remark on."""

    path: str
    line: int | None
    reason: str
    is_applied: bool = False


class _Entry(msgspec.Struct, array_like=True):
    """A rendering without what its commit and cluster add to it."""

    renderer: str
    objects: list[_Object]
    skipped: list[_Omission]
    remarks: list[_Omission] = msgspec.field(default_factory=list)


class RenderCache:
    """A folder of renderings, and a little memory for those with secrets."""

    def __init__(
        self, folder: Path, *, capacity: int = DEFAULT_CAPACITY, memory: int = DEFAULT_MEMORY
    ) -> None:
        self._folder = folder
        self._capacity = capacity
        self._secret = _Memory(memory)

    def recall(self, plan: Plan[Any], tree: Tree, request: RenderRequest) -> Rendering | None:
        """Return the rendering of a plan for a tree and a cluster, if it is kept."""
        content = self._secret.recall(plan.seal) or self._read(plan.seal)
        entry = None if content is None else _decode(content)
        return None if entry is None else _rendering(entry, plan, tree, request)

    def keep(self, plan: Plan[Any], rendering: Rendering) -> None:
        """Keep a rendering. A disk that does not take it is no reason to fail."""
        content = _encode(rendering)
        if _holds_secrets(rendering):
            self._secret.keep(plan.seal, content)
            return
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial = self._folder / f"{plan.seal}.{os.getpid()}.partial"
            partial.write_bytes(content)
            partial.replace(self._file(plan.seal))
            self._drop_oldest()

    def _read(self, seal: str) -> bytes | None:
        file = self._file(seal)
        try:
            os.utime(file)
            return file.read_bytes()
        except OSError:
            return None

    def _file(self, seal: str) -> Path:
        return self._folder / f"{seal}{_SUFFIX}"

    def _drop_oldest(self) -> None:
        """Keep within the capacity; what was not used for longest goes first."""
        stats = [(file, file.stat()) for file in self._folder.glob(f"*{_SUFFIX}")]
        used = 0
        for file, stat in sorted(stats, key=lambda entry: -entry[1].st_mtime_ns):
            used += stat.st_size
            if used > self._capacity:
                file.unlink(missing_ok=True)


class _Memory:
    """Entries in memory, bounded in bytes."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._used = 0
        self._entries: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def recall(self, seal: str) -> bytes | None:
        with self._lock:
            if seal in self._entries:
                self._entries.move_to_end(seal)
            return self._entries.get(seal)

    def keep(self, seal: str, content: bytes) -> None:
        with self._lock:
            self._used += len(content) - len(self._entries.pop(seal, b""))
            self._entries[seal] = content
            while self._used > self._capacity:
                _, oldest = self._entries.popitem(last=False)
                self._used -= len(oldest)


class CachedRenderer(Generic[Subject]):
    """A renderer that renders only what it has not rendered before."""

    def __init__(self, renderer: PlanningRenderer[Subject], cache: RenderCache) -> None:
        self._renderer = renderer
        self._cache = cache

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        """Render one path, or remember how it was rendered.

        Raises:
            ManifestError: something declared cannot be read; names file, place and remedy.
            SourceUnavailable: what it needs from elsewhere cannot be reached now.
            ClusterUnasked: it depends on what the cluster says of itself, and that is not known yet.

        """
        plan = await self._renderer.plan(tree, request)
        kept = await asyncio.to_thread(self._cache.recall, plan, tree, request)
        if kept is not None:
            return kept
        rendering = await self._renderer.carry_out(plan, tree, request)
        await asyncio.to_thread(self._cache.keep, plan, rendering)
        return rendering


def _holds_secrets(rendering: Rendering) -> bool:
    return any(
        manifest.ref.kind == "Secret"
        and not manifest.ref.group
        and (manifest.body.get("data") or manifest.body.get("stringData"))
        for manifest in rendering.manifests
    )


def _encode(rendering: Rendering) -> bytes:
    entry = _Entry(
        renderer=rendering.renderer,
        objects=[
            _Object(
                body=dict(each.body),
                path=each.origin.path if each.origin else None,
                line=each.origin.line if each.origin else None,
            )
            for each in rendering.manifests
        ],
        skipped=[
            _Omission(each.path, each.line, each.reason, each.is_applied)
            for each in rendering.skipped
        ],
        remarks=[_Omission(each.path, each.line, each.text) for each in rendering.remarks],
    )
    # A compressor of its own for each call: they may not be shared between threads.
    return zstandard.ZstdCompressor(write_checksum=True).compress(msgspec.json.encode(entry))


def _decode(content: bytes) -> _Entry | None:
    try:
        raw = zstandard.ZstdDecompressor().decompress(content)
        return msgspec.json.decode(raw, type=_Entry)
    except (zstandard.ZstdError, msgspec.DecodeError):
        return None


def _rendering(entry: _Entry, plan: Plan[Any], tree: Tree, request: RenderRequest) -> Rendering:
    """Give what was kept the commit and the cluster of the present request."""
    manifests = (
        manifest_from(each.body, cluster=request.cluster, origin=_origin(each, tree))
        for each in entry.objects
    )
    skipped = (
        Skipped(path=each.path, line=each.line, reason=each.reason, is_applied=each.is_applied)
        for each in entry.skipped
    )
    remarks = (Remark(path=each.path, line=each.line, text=each.reason) for each in entry.remarks)
    return Rendering(
        manifests=tuple(manifests),
        skipped=tuple(skipped),
        remarks=tuple(remarks),
        read=plan.read,
        renderer=entry.renderer,
        told=plan.told,
    )


def _origin(each: _Object, tree: Tree) -> Origin | None:
    if each.path is None:
        return None
    return Origin(
        repository=tree.repository, revision=tree.revision, path=each.path, line=each.line
    )
