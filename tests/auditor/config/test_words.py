"""The nearest word is offered, and only if it is near."""

from __future__ import annotations

from auditor.config.words import nearest


def test_a_near_word_is_offered() -> None:
    """One letter off, or another case."""
    assert nearest("topc", ["bootstrap", "topic"]) == "; did you mean topic?"
    assert nearest("kubeConfig", ["kubeconfig"]) == "; did you mean kubeconfig?"


def test_a_far_word_is_not_guessed() -> None:
    """A wrong hint is worse than none."""
    assert nearest("password", ["topic", "bootstrap"]) == ""
