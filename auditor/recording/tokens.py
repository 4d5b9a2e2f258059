"""What stands in a recording where a secret value was.

A token is the same for the same value throughout one recording, on the declared side and the living one,
so comparing finds what it would have found. It is made with a key (HMAC-SHA-256, RFC 2104) that is drawn
at random for each recording and never written down: nobody can compute a value from its token, nor try
guesses, nor tell whether two recordings hold the same. It refuses to show even the length of a value.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from typing import Final

_KEY_SIZE: Final = 32
_TOKEN_SIZE: Final = 32
MARK: Final = "redacted-"
"""The dash keeps a token from being base64: what was invalid as such stays so."""


class Tokens:
    """Makes tokens with one key; whoever drops this object throws the key away."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(_KEY_SIZE)

    def of(self, value: bytes) -> str:
        """The token of some bytes."""
        digest = hmac.new(self._key, value, hashlib.sha256).hexdigest()
        return MARK + digest[:_TOKEN_SIZE]

    def of_text(self, value: str) -> str:
        """The token of a text, as it stands in ``stringData``."""
        return self.of(value.encode("utf-8", "surrogatepass"))

    def of_base64(self, value: str) -> str:
        """The token of what base64 text stands for, in base64 again, as it stands in ``data``.

        So ``data`` and ``stringData`` of the same value still match. Line breaks count for nothing, as
        in https://pkg.go.dev/encoding/base64#Encoding.Decode.
        """
        try:
            plain = base64.b64decode(re.sub(r"[\r\n]", "", value), validate=True)
        except (binascii.Error, ValueError):
            return self.of_text(value)
        return base64.b64encode(self.of(plain).encode()).decode()
