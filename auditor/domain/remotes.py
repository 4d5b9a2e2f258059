"""What all that is reached over a network has in common: how addresses begin, and who asks.

It refuses to reach anything.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Final

OCI: Final = "oci://"
"""Registries: https://helm.sh/docs/topics/registries/."""
S3: Final = "s3://"
"""Buckets; not a scheme of anybody's but in wide use: ``s3://host/bucket/folder/``."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Login:
    """A user, with a password or a token in its place."""

    username: str
    password: str

    @property
    def encoded(self) -> str:
        """Both in one, as registry files have them: https://www.rfc-editor.org/rfc/rfc7617#section-2."""
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode()

    def __repr__(self) -> str:
        """Print nothing of it."""
        return "Login(…)"
