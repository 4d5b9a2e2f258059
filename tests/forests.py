"""Builds the Git side of the auditor around real parts, for tests that follow repositories."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from auditor.app.surroundings import KnownObjects
from auditor.ports import Clock, Renderer, Repository
from auditor.sources.git.declaring import CapabilitiesOf, Declarer, Outlets, of_no_cluster
from auditor.sources.git.following import Following, Ground, environments_of
from auditor.sources.git.forest import Forest
from auditor.sources.git.patience import Patience
from auditor.state.atlas import Atlas, KnownCluster, KnownRepository
from auditor.state.roots import Root


def known(name: str, *urls: str, ref: str = "HEAD") -> KnownRepository:
    """A repository as the configuration knows it."""
    return KnownRepository(name=name, urls=urls or (f"https://git.example.com/{name}",), ref=ref)


def forest(
    roots: Sequence[Root],
    repositories: Mapping[str, Repository],
    renderers: Mapping[str, Renderer],
    outlets: Outlets,
    *,
    clock: Clock,
    names: Sequence[KnownRepository] = (),
    clusters: Sequence[KnownCluster] = (),
    capabilities_of: CapabilitiesOf = of_no_cluster,
) -> Forest:
    """A forest over repositories, without any cluster's objects."""
    objects = KnownObjects(outlets.desired, {})
    ground = Ground(
        atlas=Atlas(names or [known(name) for name in repositories], clusters),
        objects=objects,
        environments=environments_of((root, "") for root in roots),
    )
    return Forest(
        roots,
        Declarer(repositories, renderers, outlets, capabilities_of),
        Following(ground),
        Patience(clock, random.Random(1)),
    )
