"""Two spellings of one value."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.schema import Format
from comparators import scalars


@pytest.mark.parametrize(
    ("desired", "actual"),
    [
        ("1000m", "1"),
        (1, "1"),
        (0.5, "500m"),
        ("1024Mi", "1Gi"),
        ("1000M", "1G"),
        ("1e3", "1k"),
        ("1E3", 1000),
        ("1E", "1000P"),
        ("0", 0),
        (".5", "0.5"),
        ("1.25G", "1250M"),
        ("+1", "1"),
        ("100n", "0.1u"),
    ],
)
def test_equal_quantities_are_equal_however_spelled(desired: object, actual: object) -> None:
    """Suffixes, exponents and numbers are spellings."""
    assert scalars.same(desired, actual, Format.QUANTITY)


@pytest.mark.parametrize(
    ("desired", "actual"), [("1G", "1Gi"), ("100m", "100M"), ("1", "1x"), (True, 1), ("", "0")]
)
def test_other_quantities_are_not(desired: object, actual: object) -> None:
    """What looks alike is not alike, and no quantity is only equal to itself."""
    assert not scalars.same(desired, actual, Format.QUANTITY)


def test_text_is_never_a_quantity() -> None:
    """Which spelling holds comes from the schema."""
    assert not scalars.same("1000m", "1", Format.PLAIN)


def test_a_boolean_is_no_number() -> None:
    """Python thinks otherwise."""
    assert not scalars.same(1, True, Format.PLAIN)  # noqa: FBT003 - a value


def test_a_port_by_name_is_no_port_by_number() -> None:
    """An int-or-string that is text names something."""
    assert not scalars.same("80", 80, Format.INT_OR_STRING)


@pytest.mark.parametrize(("desired", "actual"), [("aHVudGVyMg==", "aHVudGVy\nMg==\n"), ("", "")])
def test_bytes_are_compared_decoded(desired: str, actual: str) -> None:
    """Base64 may be wrapped."""
    assert scalars.same(desired, actual, Format.BYTES)


def test_what_is_no_base64_is_compared_as_written() -> None:
    """A broken value is only equal to itself."""
    assert not scalars.same("%%%", "%%", Format.BYTES)
    assert scalars.same("%%%", "%%%", Format.BYTES)


@pytest.mark.parametrize(
    ("desired", "actual"),
    [("8760h", "8760h0m0s"), ("90s", "1m30s"), ("1.5h", "90m"), ("0", "0s"), ("-1m", "-60s")],
)
def test_durations_are_compared_as_time(desired: str, actual: str) -> None:
    """As Go reads them."""
    assert scalars.same(desired, actual, Format.DURATION)


def test_a_broken_duration_is_only_equal_to_itself() -> None:
    """Nothing is guessed."""
    assert not scalars.same("1 hour", "60m", Format.DURATION)


def test_times_are_compared_as_moments() -> None:
    """Zones and fractions are spellings."""
    assert scalars.same("2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00", Format.TIME)
    assert not scalars.same("2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z", Format.TIME)
    assert not scalars.same("tomorrow", "2026-01-02T03:04:06Z", Format.TIME)


@given(st.integers(-(10**15), 10**15))
def test_a_quantity_survives_any_respelling(number: int) -> None:
    """Thousandths say the same as the number."""
    assert scalars.quantity(f"{number * 1000}m") == Decimal(number)
    assert scalars.canonical(f"{number}k", Format.QUANTITY) == Decimal(number) * 1000


def test_a_canonical_form_leaves_the_rest_alone() -> None:
    """What has no format, or not this one, is its own canonical form."""
    assert scalars.canonical("x", Format.QUANTITY) == "x"
    assert scalars.canonical("1", Format.PLAIN) == "1"
