"""What servers answer, read within bounds: nobody outside decides how much memory is taken."""

from __future__ import annotations

import aiohttp

from auditor.errors import SourceUnavailable


async def read_whole(response: aiohttp.ClientResponse, *, what: str, most: int) -> bytes:
    """Read an answer to its end; ``most`` in bytes, ``what`` is named where there are more.

    Raises:
        SourceUnavailable: the answer is larger.

    """
    pieces, size = [], 0
    async for piece in response.content.iter_any():
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise SourceUnavailable(f"{what}: the answer is larger than {most:,} bytes")
    return b"".join(pieces)
