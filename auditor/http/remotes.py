"""Tells whether two Git URLs mean the same repository.

``https://git.example.com/org/x.git``, ``ssh://git@git.example.com/org/x`` and ``git@git.example.com:org/x``
do. It refuses to follow redirects or to know hosting services.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

_SCP_LIKE = re.compile(r"^(?:[^@/]+@)?(?P<host>[^:/]+):(?P<path>(?!//).+)$")


def same_repository(url: str) -> str:
    """Reduce a URL to host and path; two URLs of one repository come to the same text."""
    scp_like = _SCP_LIKE.match(url) if "://" not in url else None
    if scp_like:
        host, path = scp_like["host"], scp_like["path"]
    else:
        parts = urlsplit(url)
        host, path = parts.hostname or "", parts.path
    return f"{host.lower()}/{path.strip('/').removesuffix('.git').lower()}"


def named_by(urls: Iterable[str], remotes: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the repositories (name to URL) that any of the URLs means."""
    meant = {same_repository(url) for url in urls}
    return tuple(name for name, url in remotes.items() if same_repository(url) in meant)
