"""Schemas are fetched once for each hash, and survive a restart on disk."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from auditor.errors import SourceUnavailable
from auditor.sources.kubernetes.openapi import Schemas
from tests.doubles_kubernetes import ScriptedApi, refused

DOCUMENT = b'{"components":{}}'
FIRST, SECOND = "A" * 32, "B" * 32


def index(**hashes: str) -> bytes:
    """The index with these documents; ``apps_v1`` stands for ``apis/apps/v1``."""
    paths = {
        path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
        for name, digest in hashes.items()
        for path in [f"apis/{name.replace('_', '/')}" if "_" in name else f"api/{name}"]
    }
    return msgspec.json.encode({"paths": paths})


class Delivered(list[tuple[str, str, bytes]]):
    """What was delivered."""

    def __call__(self, api_version: str, digest: str, document: bytes) -> None:
        self.append((api_version, digest, document))


async def test_only_what_is_in_use_is_fetched() -> None:
    """Of all documents, those of the API versions in use are delivered, with their hashes."""
    api, delivered = ScriptedApi(), Delivered()
    api.script("/openapi/v3", index(apps_v1=FIRST, batch_v1=SECOND, v1=SECOND))
    api.script("/openapi/v3/apis/apps/v1", DOCUMENT)
    api.script("/openapi/v3/api/v1", DOCUMENT)

    await Schemas(api, delivered, None).refresh(["v1", "apps/v1", "apps/v1"])

    assert delivered == [("apps/v1", FIRST, DOCUMENT), ("v1", SECOND, DOCUMENT)]
    assert ("/openapi/v3/apis/apps/v1", {"hash": FIRST}) in api.asked


async def test_same_hash_is_not_delivered_again() -> None:
    """As long as the hash stays, nothing is fetched."""
    api, delivered = ScriptedApi(), Delivered()
    api.script("/openapi/v3", index(apps_v1=FIRST), index(apps_v1=FIRST))
    api.script("/openapi/v3/apis/apps/v1", DOCUMENT)
    schemas = Schemas(api, delivered, None)

    await schemas.refresh(["apps/v1"])
    await schemas.refresh(["apps/v1"])

    assert len(delivered) == 1


async def test_other_hash_is_delivered() -> None:
    """A CustomResourceDefinition that changed brings a new document."""
    api, delivered = ScriptedApi(), Delivered()
    api.script("/openapi/v3", index(apps_v1=FIRST), index(apps_v1=SECOND))
    api.script("/openapi/v3/apis/apps/v1", DOCUMENT, b"{}")
    schemas = Schemas(api, delivered, None)

    await schemas.refresh(["apps/v1"])
    await schemas.refresh(["apps/v1"])

    assert delivered[1] == ("apps/v1", SECOND, b"{}")


async def test_cache_survives_a_restart(tmp_path: Path) -> None:
    """A document that is on disk is not fetched, whichever process wrote it."""
    api, delivered = ScriptedApi(), Delivered()
    api.script("/openapi/v3", index(apps_v1=FIRST), index(apps_v1=FIRST))
    api.script("/openapi/v3/apis/apps/v1", DOCUMENT)

    await Schemas(api, Delivered(), tmp_path / "schemas").refresh(["apps/v1"])
    await Schemas(api, delivered, tmp_path / "schemas").refresh(["apps/v1"])

    assert delivered == [("apps/v1", FIRST, DOCUMENT)]


async def test_cache_that_cannot_be_written_is_no_matter(tmp_path: Path) -> None:
    """Without a disk there is no cache, and everything else works."""
    (tmp_path / "taken").write_text("a file where the folder should be")
    api, delivered = ScriptedApi(), Delivered()
    api.script("/openapi/v3", index(apps_v1=FIRST))
    api.script("/openapi/v3/apis/apps/v1", DOCUMENT)

    await Schemas(api, delivered, tmp_path / "taken").refresh(["apps/v1"])

    assert len(delivered) == 1


@pytest.mark.parametrize("digest", ["..%2F..%2Fescape", "short", ""])
async def test_hash_that_is_none_is_no_file_name(tmp_path: Path, digest: str) -> None:
    """What comes from outside does not choose where files are written."""
    api, delivered = ScriptedApi(), Delivered()
    api.script("/openapi/v3", index(apps_v1=digest))
    api.script("/openapi/v3/apis/apps/v1", DOCUMENT)

    await Schemas(api, delivered, tmp_path / "cache").refresh(["apps/v1"])

    assert len(delivered) == 1
    assert not (tmp_path / "cache").exists()


async def test_one_broken_document_does_not_hold_up_the_others() -> None:
    """What can be fetched is delivered; the failure is told, and tried again the next time."""
    api, delivered = ScriptedApi(), Delivered()
    api.script("/openapi/v3", index(apps_v1=FIRST, v1=SECOND))
    api.script("/openapi/v3/apis/apps/v1", refused(503))
    api.script("/openapi/v3/api/v1", DOCUMENT)

    with pytest.raises(SourceUnavailable):
        await Schemas(api, delivered, None).refresh(["apps/v1", "v1"])

    assert delivered == [("v1", SECOND, DOCUMENT)]


async def test_api_version_without_a_document() -> None:
    """A version that the index does not name has no schema, which is no error."""
    api, delivered = ScriptedApi(), Delivered()
    api.script("/openapi/v3", index())

    await Schemas(api, delivered, None).refresh(["example.com/v1"])

    assert delivered == []
