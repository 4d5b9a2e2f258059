"""The page at ``/``: where things are. It loads nothing from elsewhere and runs no script."""

from __future__ import annotations

import base64
import hashlib
import html
from typing import Final

from aiohttp import web

from auditor import __version__

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}"
    "dt{font-family:ui-monospace,monospace;margin-top:.8rem}dd{margin:0}"
    "@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8bf}}"
)
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; frame-ancestors 'none'"

_PLACES: Final = {
    "/api/v1/findings": "open findings; narrow with cluster, namespace, kind, severity, check, state",
    "/api/v1/objects": "audited objects and their verdicts; narrow with verdict as well",
    "/api/v1/suppressed": "what ignore rules hide, and why; narrow with rule and owner as well",
    "/api/v1/events": "transitions as they happen, as Server-Sent Events",
    "/metrics": "metrics for Prometheus",
    "/readyz": "whether verdicts are complete, and what they wait for",
    "/livez": "whether the worker runs",
}


def _item(path: str, text: str) -> str:
    return f'<dt><a href="{path}">{path}</a></dt><dd>{html.escape(text)}</dd>'


_PAGE: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Drift auditor</title>'
    '<meta name="viewport" content="width=device-width,initial-scale=1">'
    f"<style>{_STYLE}</style></head><body><h1>Drift auditor</h1>"
    "<p>What differs between Git and the clusters, who wrote it, and when.</p><dl>"
    f"{''.join(_item(path, text) for path, text in _PLACES.items())}</dl>"
    "<p>On the command line: <code>auditor findings --server</code> with this address.</p>"
    f"<p>Version {html.escape(__version__)}</p></body></html>"
)


async def page(_request: web.Request) -> web.Response:
    """Show where things are."""
    return web.Response(
        text=_PAGE, content_type="text/html", headers={"Content-Security-Policy": _POLICY}
    )
