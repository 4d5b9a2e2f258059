"""What rules hide is told rule by rule."""

from __future__ import annotations

from dataclasses import replace

from auditor.reports.hidden import write_hidden
from tests.builders import ref
from tests.findings import HIDDEN


def test_every_rule_is_followed_by_what_it_hides() -> None:
    """With owner, expiry and reason; the object, the field, both sides and the writer."""
    whole = replace(HIDDEN, rule="all", difference=None, reason="being moved", expires=None)

    text = write_hidden([(ref(name="web"), HIDDEN), (ref(name="job"), whole)])

    assert text == (
        "all  team-shop, for good  hides 1\n"
        "  being moved\n"
        "  apps/Deployment/shop/job on prod  K8S-002\n"
        "      all of it\n"
        "\n"
        "hpa  team-shop, until 2026-02-01 03:04:05Z  hides 1\n"
        "  scaled by hand at night\n"
        "  apps/Deployment/shop/web on prod  K8S-002\n"
        "      spec.replicas  2 → 5  by keda, 2026-01-02 03:04:05Z\n"
        "\n"
        "2 differences hidden by 2 rules\n"
    )


def test_nothing_is_said_to_be_nothing() -> None:
    """Silence could mean that nobody looked."""
    assert write_hidden([]) == "nothing is hidden\n"


def test_a_terminal_is_not_obeyed() -> None:
    """Names come from clusters."""
    text = write_hidden([(ref(name="we\x1b[2Jb"), HIDDEN)])

    assert "\x1b" not in text
