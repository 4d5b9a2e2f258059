"""Takes out of what people are told whatever leads to a server or to a folder of a machine.

Errors name what could not be reached; a recording goes to others, who need to know that something could not
and not where it is. Better too much is taken out than too little. It refuses to touch paths of an API.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

HIDDEN: Final = "(an address)"

_URL: Final = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s'\",;]*[^\s'\",;:.)\]]")
_OTHERS: Final = re.compile(
    r"\b[\w.-]+@[\w.-]+:[^\s'\",;]+"  # user@host:path, as ssh has it
    r"|\[[0-9A-Fa-f:]{2,}\](?::\d+)?"  # RFC 3986, 3.2.2
    r"|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"
    r"|(?<![\w/.-])(?:[A-Za-z0-9-]+\.)*[A-Za-z][A-Za-z0-9-]*(?<!\.yaml)(?<!\.yml)(?<!\.json):\d{2,5}\b"
    r"|(?<![\w/.-])/(?!apis?/|openapi/|version\b)(?:[\w.@+-]+/)+[\w.@+-]*[\w@+-]"
)


def without_addresses(text: str) -> str:
    """Replace addresses and absolute paths of files; and hosts of which an address stands there too."""
    hosts = {_host(found[0]) for found in _URL.finditer(text)}
    told = _OTHERS.sub(HIDDEN, _URL.sub(HIDDEN, text))
    for host in sorted(filter(None, hosts), key=len, reverse=True):
        told = re.sub(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", HIDDEN, told, flags=re.IGNORECASE)
    return told


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # whoever answers may have put anything there
        return ""
