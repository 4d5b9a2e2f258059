"""What a refusal means is read from status, headers and body."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from auditor.errors import SourceRefused, WatchExpired
from auditor.sources.kubernetes.refusals import refusal, refusal_in_stream, retry_after

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def status(code: int, **rest: object) -> bytes:
    """A ``Status`` object."""
    return msgspec.json.encode({"kind": "Status", "code": code, **rest})


@pytest.mark.parametrize("code", [400, 401, 403, 404, 422, 429, 500, 503])
def test_refusals_keep_their_status(code: int) -> None:
    """The status decides what is known of a kind, so it is a field."""
    error = refusal("/x", code, headers={}, body=status(code, message="because"))

    assert isinstance(error, SourceRefused)
    assert error.status == code
    assert "because" in str(error)
    assert "/x" in str(error)


def test_gone_is_an_expired_position() -> None:
    """410 is not about the kind but about where we were."""
    assert isinstance(refusal("/x", 410, headers={}, body=b""), WatchExpired)
    assert isinstance(refusal_in_stream("/x", status(410)), WatchExpired)


def test_forbidden_names_the_remedy() -> None:
    """Who may not is told how to find out what is needed."""
    assert "auditor rbac" in str(refusal("/x", 403, headers={}, body=b""))


def test_header_says_how_long_to_wait() -> None:
    """Retry-After is kept."""
    assert refusal("/x", 429, headers={"Retry-After": "7"}, body=b"").retry_after == 7


def test_body_says_how_long_to_wait() -> None:
    """So is what the status says, in an answer and in a stream."""
    body = status(429, details={"retryAfterSeconds": 9})

    assert refusal("/x", 429, headers={}, body=body).retry_after == 9
    assert refusal_in_stream("/x", body).retry_after == 9


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        ("Fri, 02 Jan 2026 03:05:05 GMT", 60.0),
        ("Fri, 02 Jan 2026 03:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    """Both forms of RFC 9110 are read; what is neither says nothing."""
    assert retry_after(header, NOW) == seconds


def test_error_without_a_code() -> None:
    """An ERROR event that says nothing is an internal error."""
    error = refusal_in_stream("/x", b"{}")

    assert isinstance(error, SourceRefused)
    assert error.status == 500


def test_long_messages_are_cut() -> None:
    """What a server says is kept short: it may say anything."""
    assert len(str(refusal("/x", 500, headers={}, body=status(500, message="x" * 9999)))) < 400
