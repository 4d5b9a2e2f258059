"""How answers look: JSON bodies, and headers that keep browsers from guessing.

The headers follow https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html.
"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from auditor.wire.model import to_json

_WORTH_COMPRESSING: Final = 1024
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def reply(document: Any, *, status: int = 200) -> web.Response:
    """Answer with JSON, compressed where the client can take it."""
    body = to_json(document)
    response = web.Response(body=body, status=status, content_type="application/json")
    if len(body) > _WORTH_COMPRESSING:
        response.enable_compression()
    return response


def refuse(status: int, error: str) -> web.Response:
    """Answer with an error that says what can be done."""
    return reply({"error": error}, status=status)


async def harden(_request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers that every answer carries, unless its handler chose its own."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "auditor"
