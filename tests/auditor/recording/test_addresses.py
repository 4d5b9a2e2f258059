"""What could not be reached is not named in a recording."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import SourceUnavailable
from auditor.recording.addresses import without_addresses
from auditor.recording.frames import Failure


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "https://git.example.com/shop.git: failed to resolve git.example.com. Check it.",
            "(an address): failed to resolve (an address). Check it.",
        ),
        (
            (
                "cluster prod: https://10.0.0.7:6443 cannot be reached: Cannot connect to host "
                "10.0.0.7:6443 ssl:default [Connect call failed ('10.0.0.7', 6443)]"
            ),
            (
                "cluster prod: (an address) cannot be reached: Cannot connect to host "
                "(an address) ssl:default [Connect call failed ('(an address)', 6443)]"
            ),
        ),
        ("git@git.example.com:team/shop.git wants another key", "(an address) wants another key"),
        ("'oci://registry.example.com/shop' has no tag", "'(an address)' has no tag"),
        ("[2001:db8::1]:6443 is silent", "(an address) is silent"),
        ("kubernetes.internal:6443 is silent", "(an address) is silent"),
        ("see https://[planted for more", "see (an address) for more"),
        ("/srv/ada/platform: is no repository", "(an address): is no repository"),
        (
            "/apis/apps/v1/deployments: too many requests",
            "/apis/apps/v1/deployments: too many requests",
        ),
        ("apps/web.yaml:12: is no YAML", "apps/web.yaml:12: is no YAML"),
        (
            "the watch of apps/Deployment expired (410)",
            "the watch of apps/Deployment expired (410)",
        ),
    ],
)
def test_only_addresses_are_taken_out(text: str, told: str) -> None:
    """The rest is what people need to know."""
    assert without_addresses(text) == told


@given(st.text("ab1:/.@[]-\\ '", max_size=40))
def test_any_text_can_be_told(text: str) -> None:
    """Servers say what they like; and what was told once is not changed again."""
    told = without_addresses(f"https://git.example.com: {text}")

    assert "git.example.com" not in told
    assert without_addresses(told) == told


def test_a_recorded_failure_names_no_address() -> None:
    """Whatever the source said."""
    error = SourceUnavailable("https://git.example.com/shop: timed out", retry_after=3)

    failure = Failure.of(error)

    assert (failure.message, failure.retry_after) == ("(an address): timed out", 3)
