"""What all published models have in common.

Names are camelCase outside, unknown fields are ignored when reading (a newer auditor may have written
them), times are RFC 3339 in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
import pydantic_core
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Document(BaseModel):
    """One published JSON object."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        extra="ignore",
    )


def in_utc(time: datetime) -> datetime:
    """The same moment, told in UTC."""
    return time if time.tzinfo is UTC else time.astimezone(UTC)


Time = Annotated[AwareDatetime, AfterValidator(in_utc)]
"""A moment; printed as ``2026-01-02T03:04:05Z`` (https://www.rfc-editor.org/rfc/rfc3339)."""


def to_json(document: Any) -> bytes:
    """Write a laid-out document as compact JSON.

    orjson refuses integers beyond 64 bits, which Git may declare; pydantic writes those.
    """
    try:
        return orjson.dumps(document, option=orjson.OPT_UTC_Z)
    except orjson.JSONEncodeError:
        return pydantic_core.to_json(document)
