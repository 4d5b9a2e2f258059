"""What an API server's refusal means for whoever asked.

The one place where HTTP statuses become errors of the tree; what the server says of itself is kept, bodies
of objects never are. Statuses: https://kubernetes.io/docs/reference/using-api/api-concepts/ and RFC 9110.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from auditor.errors import SourceRefused, SourceUnavailable, WatchExpired
from auditor.sources.kubernetes.decoding import Status, decode_status

_REMEDIES: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "the credentials are not accepted; renew them",
    HTTPStatus.FORBIDDEN: "the account may not; `auditor rbac` prints the rights it needs",
    HTTPStatus.NOT_FOUND: "the API server does not serve this",
    HTTPStatus.TOO_MANY_REQUESTS: "the API server is busy",
}


def refusal(
    path: str, status: int, *, headers: Mapping[str, str], body: bytes
) -> SourceUnavailable | WatchExpired:
    """Make the error for an HTTP answer that is none."""
    said = decode_status(body)
    asked = retry_after(headers.get("Retry-After"), datetime.now(tz=UTC))
    return _error(path, status, said, retry_after=asked if asked is not None else said.retry_after)


def refusal_in_stream(path: str, raw: bytes | memoryview) -> SourceUnavailable | WatchExpired:
    """Make the error for an ``ERROR`` event, whose object is a ``Status``."""
    said = decode_status(raw)
    return _error(
        path, said.code or HTTPStatus.INTERNAL_SERVER_ERROR, said, retry_after=said.retry_after
    )


def retry_after(header: str | None, now: datetime) -> float | None:
    """Read how many seconds to wait: a number or a date (RFC 9110, 10.2.3)."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (until - now).total_seconds())


def _error(
    path: str, status: int, said: Status, *, retry_after: float | None
) -> SourceUnavailable | WatchExpired:
    words = "; ".join(part for part in (said.message, _REMEDIES.get(status, "")) if part)
    message = f"{path}: {status} {said.reason}: {words}"
    if status == HTTPStatus.GONE:
        return WatchExpired(message, retry_after=retry_after)
    return SourceRefused(message, status=status, retry_after=retry_after)
