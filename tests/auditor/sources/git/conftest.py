"""A repository to commit to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.git_repositories import ScriptedRepository
from tests.stack.fixtures import rendering_programs

__all__ = ["rendering_programs"]


@pytest.fixture
def upstream(tmp_path: Path) -> ScriptedRepository:
    """An empty repository."""
    return ScriptedRepository(tmp_path / "upstream.git")
