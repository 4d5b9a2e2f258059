"""Secrets by reference: where one is, never what it is.

A reference is looked up at the moment of use, so a rotated file is picked up without a restart. The
value is handed to the caller alone: it is in no attribute, no text form and no error of this module.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, PlainSerializer, ValidationInfo, WithJsonSchema

from auditor.config.sections import one_or_many
from auditor.errors import ConfigError

_FORM: Final = "write env:NAME for an environment variable or file:PATH for a file"
_SCHEMA: Final = {"type": "string", "pattern": r"^(env|file):.+$", "examples": ["env:GIT_TOKEN"]}
_LARGEST = 64 * 1024
"""Bytes; no credential in use is larger, and a mistaken path to a device must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a secret is: an environment variable or a file."""

    scheme: Literal["env", "file"]
    place: str

    def __str__(self) -> str:
        """Print the reference as it is written: it names the place, not the value."""
        return f"{self.scheme}:{self.place}"

    def resolve(self) -> str:
        """Look the secret up now. A trailing newline, as editors leave one, is no part of it.

        Raises:
            ConfigError: the variable is not set, the file cannot be read, or it is empty.

        """
        value = os.environ.get(self.place, "") if self.scheme == "env" else self._content()
        if not value:
            raise ConfigError(f"the secret {self} is empty or not set")
        return value

    def _content(self) -> str:
        try:
            with Path(self.place).open("rb") as file:
                raw = file.read(_LARGEST + 1)
        except OSError as error:
            raise ConfigError(f"the secret {self} cannot be read: {error.strerror}") from error
        if len(raw) > _LARGEST:
            raise ConfigError(f"the secret {self} is larger than {_LARGEST} bytes")
        return _decoded(raw, self).rstrip("\r\n")

    def problem(self) -> str | None:
        """Say what stands in the way of looking it up now, without reading it; None if nothing does."""
        if self.scheme == "env":
            return None if os.environ.get(self.place) else f"the variable {self.place} is not set"
        return None if os.access(self.place, os.R_OK) else f"the file {self.place} cannot be read"


def _decoded(raw: bytes, reference: Reference) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        # "from None": the original carries the bytes.
        raise ConfigError(f"the secret {reference} is not UTF-8 text") from None


def parse_reference(text: object, info: ValidationInfo) -> Reference:
    """Read ``env:NAME`` or ``file:PATH``; a relative path starts at the configuration file.

    The text is never repeated in the error: it may be the secret itself, written in the wrong place.

    Raises:
        ValueError: it is neither.

    """
    if isinstance(text, Reference):
        return text
    scheme, _, place = text.partition(":") if isinstance(text, str) else ("", "", "")
    if scheme == "env" and place:
        return Reference("env", place)
    if scheme == "file" and place:
        folder = (info.context or {}).get("folder", Path())
        return Reference("file", str(Path(folder, Path(place).expanduser())))
    raise ValueError(f"secrets are given by reference, never inline; {_FORM}")


SecretRef = Annotated[
    Reference,
    BeforeValidator(parse_reference),
    PlainSerializer(str, return_type=str),
    WithJsonSchema(_SCHEMA),
]
"""A field that holds a reference to one secret."""

SecretRefs = Annotated[
    tuple[SecretRef, ...],
    BeforeValidator(one_or_many),
    WithJsonSchema({"anyOf": [_SCHEMA, {"type": "array", "items": _SCHEMA}]}),
]
"""One reference or several: while a secret is rotated, the old and the new one are both good."""


def resolve_all(references: tuple[Reference, ...]) -> tuple[str, ...]:
    """Look up every reference, in order.

    Raises:
        ConfigError: one of them cannot be looked up.

    """
    return tuple(reference.resolve() for reference in references)
