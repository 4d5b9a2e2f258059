"""Lists a kind in pages, for servers that do not stream lists.

Every page but the first continues the same snapshot, until the server forgets it (410), and then the
list begins anew. Pages become shorter where objects are large. It refuses to store anything.
https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

from auditor.errors import WatchExpired
from auditor.ports import ApiTransport
from auditor.sources.kubernetes.decoding import Page, decode_page
from auditor.sources.kubernetes.target import Target

PAGE: Final = 500
"""Objects asked for at once, as client-go does."""
_LARGE: Final = 16 * 1024 * 1024
"""Bytes of a page beyond which the next ones are asked to be half as long."""
_SMALLEST: Final = 10
_ATTEMPTS: Final = 3


async def list_pages(
    transport: ApiTransport, target: Target, *, accept: str
) -> AsyncGenerator[tuple[bool, Page], None]:
    """Give the pages of one list, and with each whether a list begins with it.

    Where another list begins, everything that came before is void.

    Raises:
        WatchExpired: the server forgot the list again and again.

    """
    limit, token, restarts = PAGE, "", 0
    while True:
        params = {"limit": str(limit)} | ({"continue": token} if token else {})
        try:
            body = await transport.get(target.path, params, accept=accept)
        except WatchExpired:
            restarts += 1
            if not token or restarts == _ATTEMPTS:
                raise
            token = ""
            continue
        page = decode_page(body)
        yield not token, page
        if not page.token:
            return
        token = page.token
        limit = max(limit // 2, _SMALLEST) if len(body) > _LARGE else limit
