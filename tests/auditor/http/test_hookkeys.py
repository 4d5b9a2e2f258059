"""Webhook keys come from the providers' and from the repositories' secrets."""

from __future__ import annotations

import pytest

from auditor.http.hookkeys import hook_settings
from tests.auditor.config.documents import configuration


def test_keys_are_collected_with_their_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider's secret speaks for all, a repository's for itself and not for alerts."""
    monkeypatch.setenv("ALL", "a")
    monkeypatch.setenv("ONE", "b")
    url = "https://git.example.com/platform.git"
    loaded = configuration(
        repositories=[{"name": "platform", "url": url, "webhook": {"secretFrom": "env:ONE"}}],
        http={"hooks": {"github": {"secretFrom": "env:ALL"}}},
    )

    settings = hook_settings(loaded, lambda _name: None)

    assert [key.secrets() for key in settings.keys["github"]] == [("a",), ("b",)]
    assert [key.reaches("other") for key in settings.keys["github"]] == [True, False]
    assert [key.reaches("platform") for key in settings.keys["gitlab"]] == [True]
    assert settings.keys["alertmanager"] == ()
    assert settings.remotes == {"platform": url}
