"""What every test may ask for: the corpora of real manifests, and a clock that a test moves."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from tests.doubles import FakeClock

# Examples differ in cost, and machines in speed: a law that holds slowly holds.
settings.register_profile("auditor", deadline=None)
settings.load_profile("auditor")

# A run that was started in the background ignores SIGINT, and so would every program that it starts: a
# handler that is set here is none for them, and they have the signal back.
signal.signal(signal.SIGINT, signal.default_int_handler)

_ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real manifests: ``DRIFT_CORPORA``, or ``shared/corpora`` beside the checkout."""
    folder = Path(os.environ.get("DRIFT_CORPORA") or _ROOT.parent / "shared" / "corpora")
    if not folder.is_dir():
        reason = f"no corpora of real manifests at {folder}; DRIFT_CORPORA says where they are"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return folder


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still until a test moves it."""
    return FakeClock()
