"""Findings that would be too large to be carried."""

from __future__ import annotations

from dataclasses import replace

from auditor.domain.finding import State, TrackedFinding
from auditor.wire.abridged import abridge
from auditor.wire.finding import encode
from tests.doubles import START
from tests.outcomes import finding, image


def with_differences(*actual: str) -> TrackedFinding:
    """A finding whose differences have these actual values."""
    differences = tuple(image(value) for value in actual)
    return TrackedFinding(
        finding=finding(differences=differences),
        state=State.OPEN,
        first_seen=START,
        last_seen=START,
    )


def test_long_values_give_way_to_their_length() -> None:
    """The finding is carried, its text is not; short values stay."""
    small = abridge(with_differences("x" * 2_000_000, "web:1.5"))

    assert small.finding.differences[0].actual == "<2000002 bytes are left out here>"
    assert small.finding.differences[0].desired == "web:1.4"
    assert small.finding.differences[1].actual == "web:1.5"
    assert len(encode(small)) < 2_000


def test_of_very_many_differences_the_first_are_kept() -> None:
    """And the message says so."""
    small = abridge(with_differences(*(f"web:{number}" for number in range(150))))

    assert len(small.finding.differences) == 100
    assert small.finding.message.endswith("(50 further differences are left out here)")


def test_what_identifies_a_finding_stays() -> None:
    """A consumer sees the same finding, with the same history."""
    large = with_differences("x" * 10_000)

    small = abridge(large)

    assert small.fingerprint == large.fingerprint
    assert replace(small, finding=large.finding) == large


def test_a_small_finding_stays_as_it_is() -> None:
    """Nothing is left out without need."""
    assert abridge(with_differences("web:1.5")) == with_differences("web:1.5")
