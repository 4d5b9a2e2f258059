"""A bucket that speaks S3: what lies in it now is one revision.

It goes by the digest of all keys and their ETags, as Flux has it for Buckets: the same where Flux leaves no
file out (https://fluxcd.io/flux/components/source/buckets/#artifact, and
https://github.com/fluxcd/source-controller/blob/main/internal/index/digest.go). Listing is cheap; only when
something changed is everything fetched, and what changes meanwhile refuses the whole. The library that speaks
to buckets is an extra. It refuses to look for credentials that are not configured, and to repeat what a
server says.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from auditor.domain.remotes import S3
from auditor.errors import ConfigError, SourceUnavailable
from auditor.sources.artifacts.channel import Server
from auditor.sources.artifacts.paths import Unacceptable, inside
from auditor.sources.artifacts.unpacking import Bounds
from auditor.sources.git.shelf import Entry, Revision

if TYPE_CHECKING:
    from obstore.store import S3Store

_AMAZON: Final = "s3.amazonaws.com"
"""Stands for the endpoint of whichever region: https://docs.aws.amazon.com/general/latest/gr/s3.html"""
_AT_ONCE: Final = 8
_PATIENCE: Final = timedelta(seconds=30)
_RETRIES: Final = {"max_retries": 2, "retry_timeout": timedelta(seconds=30)}
_CODE: Final = re.compile(r"<Code>(\w{1,64})</Code>")
"""https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"""
_STATUS: Final = re.compile(r"status code: (\d{3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A bucket at a server, or what of it has keys that begin so (``prefix`` ends in a slash)."""

    server: Server
    bucket: str
    prefix: str = ""
    region: str = ""

    def __str__(self) -> str:
        """Name it for a person."""
        return f"{S3}{self.server.host}/{self.bucket}/{self.prefix}".rstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Object:
    """One object as it is listed."""

    key: str
    path: str
    tag: str
    size: int
    changed: datetime


class Bucket:
    """A bucket, as something that has revisions.

    Raises:
        ConfigError: the library is not installed.

    """

    def __init__(
        self, place: Place, *, now: Callable[[], datetime], bounds: Bounds | None = None
    ) -> None:
        self._place = place
        self._now = now
        self._bounds = bounds or Bounds()
        self._library = _library()

    @property
    def line(self) -> str:
        """All of it is followed."""
        return ""

    async def newest(self, ref: str) -> str:
        """Return the digest of what is listed now: there is nothing to choose from.

        Raises:
            SourceUnavailable: the bucket cannot be reached, is empty, or holds what may not be read.

        """
        del ref
        with self._told():
            return _digest(await self._list(_opened(self._place)))

    async def fetch(self, revision: str, into: Path) -> tuple[Revision, Iterator[Entry]]:
        """Fetch all objects; raises as `newest` does, and where something changed since."""
        with self._told():
            store = _opened(self._place)
            objects = await self._list(store)
            if _digest(objects) != revision:
                raise SourceUnavailable("it changed while it was read. It is tried again")
            await _fetch_all(store, objects, into)
        made = min(max(each.changed for each in objects), self._now())
        return Revision(id=revision, author="", made=made), _files(objects, into)

    async def _list(self, store: S3Store) -> list[_Object]:
        """List everything, within bounds, in the order of the keys."""
        found, size = [], 0
        async for chunk in store.list(self._place.prefix or None):
            for meta in chunk:
                each = _object(meta)
                if each.path:
                    found.append(each)
                    size += each.size
            if len(found) > self._bounds.files or size > self._bounds.unpacked:
                most = f"{self._bounds.files:,} files or {self._bounds.unpacked // 2**20} MiB"
                raise SourceUnavailable(f"it holds more than {most}. Name a folder of it in url")
        if not found:
            raise SourceUnavailable("it is empty. Put a file into it")
        return list(_without_folders(sorted(found, key=lambda each: each.key)))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Put the name of the bucket before what went wrong, and nothing that a server said."""
        try:
            yield
        except ExceptionGroup as several:
            raise self._failure(several.exceptions[0]) from None
        except (SourceUnavailable, Unacceptable, self._library.exceptions.BaseError) as error:
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> Exception:
        match error:
            case Unacceptable():
                return SourceUnavailable(f"{self._place} {error}")
            case SourceUnavailable():
                return SourceUnavailable(f"{self._place}: {error}")
            case self._library.exceptions.BaseError():
                return SourceUnavailable(f"{self._place}: {_words(error)}")
        return error


def place_of(url: str) -> tuple[str, str, str]:
    """Tell host, bucket and prefix in ``s3://host/bucket/prefix/``."""
    host, _, rest = url.removeprefix(S3).partition("/")
    bucket, _, prefix = rest.partition("/")
    folder = prefix.strip("/")
    return host.lower(), bucket, f"{folder}/" if folder else ""


def _library() -> Any:
    """Load the extra that speaks to buckets.

    Raises:
        ConfigError: it is not installed; says how to get it.

    """
    try:
        import obstore.exceptions  # noqa: PLC0415  # an extra: who reads no bucket need not have it
        import obstore.store  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "reading buckets needs the extra buckets: pip install 'drift-auditor[buckets]'"
        ) from error
    return obstore


def _opened(place: Place) -> S3Store:
    """Make what asks; nothing is sent yet. Without credentials it asks as nobody, and looks for none."""
    server = place.server
    login = server.login() if server.login else None
    options: dict[str, Any] = {
        "allow_http": server.is_plain,
        "timeout": _PATIENCE,
        "connect_timeout": _PATIENCE / 3,
    }
    if server.ca is not None:
        options["root_certificate"] = _authorities(server.ca)
    told = {"access_key_id": login.username, "secret_access_key": login.password} if login else {}
    store: S3Store = _library().store.S3Store(
        place.bucket,
        endpoint=None if server.host == _AMAZON else server.url,
        region=place.region or "us-east-1",
        virtual_hosted_style_request=False,
        skip_signature=login is None,
        client_options=options,
        retry_config=_RETRIES,
        **told,
    )
    return store


def _authorities(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SourceUnavailable(
            f"the authorities in {file} cannot be used: {error.strerror}. Correct caFile"
        ) from error


def _object(meta: Any) -> _Object:
    return _Object(
        key=meta["path"],
        path=inside(meta["path"]),
        tag=str(meta["e_tag"] or "").strip('"'),
        size=meta["size"],
        changed=meta["last_modified"],
    )


def _without_folders(objects: Sequence[_Object]) -> Iterator[_Object]:
    """Leave out what stands for a folder: clients make empty objects with a slash at the end of the key.

    The library does not tell of that slash.
    """
    folders = {each.path.rpartition("/")[0] for each in objects}
    folders |= {folder[:end] for folder in folders for end in _slashes(folder)}
    return (each for each in objects if each.size or each.path not in folders)


def _slashes(path: str) -> Iterator[int]:
    return (place for place, letter in enumerate(path) if letter == "/")


def _digest(objects: Sequence[_Object]) -> str:
    lines = "".join(f"{each.key} {each.tag}\n" for each in objects)
    return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"


async def _fetch_all(store: S3Store, objects: Sequence[_Object], into: Path) -> None:
    turns = asyncio.Semaphore(_AT_ONCE)

    async def fetch(number: int, each: _Object) -> None:
        async with turns:
            await _fetch(store, each, into / str(number))

    async with asyncio.TaskGroup() as group:
        for number, each in enumerate(objects):
            if each.size:
                group.create_task(fetch(number, each))
            else:
                (into / str(number)).touch()


async def _fetch(store: S3Store, each: _Object, file: Path) -> None:
    answer = await store.get_async(each.key)
    if (answer.meta["e_tag"] or "").strip('"') != each.tag:
        raise SourceUnavailable("it changed while it was read. It is tried again")
    left = each.size
    with file.open("wb") as content:
        async for piece in answer.stream():
            left -= len(piece)
            if left < 0:
                raise SourceUnavailable(f"{each.key!r} is longer than it was listed")
            content.write(piece)


def _files(objects: Sequence[_Object], folder: Path) -> Iterator[Entry]:
    for number, each in enumerate(objects):
        with (folder / str(number)).open("rb") as content:
            yield Entry(path=each.path, content=content)


def _words(error: BaseException) -> str:
    """What went wrong, as a status and the code that S3 has for it: the rest may repeat who asked."""
    code, status = _CODE.search(str(error)), _STATUS.search(str(error))
    said = " ".join(found[1] for found in (status, code) if found)
    if not said:
        return "it cannot be reached. Check url, region and the network"
    return f"it answers {said}. Check url, region and credentials"
