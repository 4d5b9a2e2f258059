"""Every drift, and nothing but drift, on real manifests and a real API server.

``make accuracy`` does the same at length, for anybody's own manifests.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.accuracy import manifests
from tests.accuracy.planting import Way
from tests.accuracy.trial import Plan, run
from tests.stack.fixtures import LaunchControlPlane

pytestmark = [pytest.mark.e2e, pytest.mark.corpora, pytest.mark.timeout(600)]


@pytest.mark.parametrize("way", list(Way))
def test_all_drift_is_found_and_nothing_else(
    way: Way, corpora: Path, launch_control_plane: LaunchControlPlane
) -> None:
    """However real objects were applied: none is reported untouched, each change is, once, rightly."""
    bodies = manifests.read(corpora)

    score = run(launch_control_plane(), bodies, way, Plan(each=8))

    assert list(score.examples()) == []
    assert score.recall == score.precision == 1
    assert score.objects[way] >= 600
    assert score.mutations >= 300
