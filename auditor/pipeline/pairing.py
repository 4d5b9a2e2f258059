"""Puts together what is known of one object.

Everything that comparing needs is looked up here, once, so that comparing itself can be pure. Where the two
sides disagree about the API version, the declared one counts. It refuses to compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from auditor.domain.gitops.kinds import APPLICATION, RELEASE
from auditor.domain.gitops.sync_windows import SyncWindow, windows_of
from auditor.domain.identity import GroupVersionKind, ObjectRef
from auditor.domain.manifest import Manifest
from auditor.domain.marks import generator_of
from auditor.domain.pair import Doubt, LeftOver, Pair, Scaler
from auditor.domain.schema import Schema
from auditor.state import moves
from auditor.state.actual import ActualState
from auditor.state.desired import Declaration, DesiredState
from auditor.state.neighbours import Neighbourhood
from auditor.state.scalers import Scalers

PROJECT: Final = "AppProject"
"""Lives beside the Application: https://argo-cd.readthedocs.io/en/stable/user-guide/projects/."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterState:
    """What is known of one cluster."""

    actual: ActualState
    scalers: Scalers
    schema_for: Callable[[GroupVersionKind], Schema | None]


class Pairs:
    """Gives the pair of any object as it is known now."""

    def __init__(
        self,
        desired: DesiredState,
        clusters: Mapping[str, ClusterState],
        governs: Callable[[ObjectRef], bool],
        neighbours: Neighbourhood,
        *,
        left_over: Callable[[ObjectRef], LeftOver | None] = lambda _ref: None,
    ) -> None:
        self._desired = desired
        self._clusters = clusters
        self._governs = governs
        self._neighbours = neighbours
        self._left_over = left_over

    def of(self, ref: ObjectRef) -> Pair:
        """Pair one object; its cluster must be one of those configured."""
        cluster = self._clusters[ref.cluster]
        declaration = self._desired.declaration(ref)
        desired = declaration.manifest if declaration else None
        version = desired.version if desired else None
        actual = cluster.actual.manifest(ref, version)
        known = desired or actual
        undeclared = actual if desired is None else None
        generator = self._generator(ref, undeclared) if undeclared else None
        governed = desired is None and self._governs(ref)
        left_over = self._left_over(ref) if undeclared and declaration is None else None
        left = undeclared if governed or declaration is not None or left_over else None
        appliers = tuple(self._appliers(declaration)) if declaration and declaration.earlier else ()
        return Pair(
            ref=ref,
            desired=desired,
            actual=actual,
            doubt=cluster.actual.doubt(ref, version)
            or self._doubt_about_declaration(desired, ref, actual),
            schema=cluster.schema_for(known.gvk) if known else None,
            scaler=self._scaler(ref, cluster.scalers),
            earlier=declaration.earlier if declaration else (),
            governed=governed,
            followed=ref in self._desired.followed,
            generator=generator,
            left_over=left_over,
            environment=self._desired.followed.environment(generator.ref if generator else ref),
            patience=declaration.found.interval if declaration and declaration.found else None,
            windows=self._windows(declaration) if declaration and declaration.earlier else (),
            neighbours=self._neighbours.of(ref, desired, left, appliers=appliers),
            appliers=appliers,
            heads=self._neighbours.moves.of(actual) if ref.kind in moves.NAMES else (),
            looks=self._looks(ref) if ref.kind == APPLICATION.kind else None,
        )

    def _appliers(self, declaration: Declaration | None) -> Iterator[ObjectRef]:
        """Who applies an object; of a release's, also who applies the release, whose chart may be late."""
        keeper = declaration.found.keeper if declaration and declaration.found else None
        if keeper is None:
            return
        yield keeper
        if keeper.group_kind == RELEASE:
            above = self._desired.declaration(keeper)
            if above is not None and above.found is not None:
                yield above.found.keeper

    def _looks(self, ref: ObjectRef) -> timedelta | None:
        """How often the tool of an owner looks at what it calls for."""
        found = self._desired.roots.called_for_by(ref)
        return found.interval if found else None

    def _windows(self, declaration: Declaration) -> tuple[SyncWindow, ...]:
        """When Argo CD may apply what it has not applied yet, as the Application's project says."""
        keeper = declaration.found.keeper if declaration.found else None
        application = self._known(keeper) if keeper and keeper.group_kind == APPLICATION else None
        if keeper is None or application is None:
            return ()
        spec = application.body.get("spec")
        name = spec.get("project") if isinstance(spec, dict) else None
        project = self._known(keeper._replace(kind=PROJECT, name=str(name or "default")))
        return windows_of(project, application) if project else ()

    def _known(self, ref: ObjectRef) -> Manifest | None:
        """An object as it is declared, or else as it lives."""
        declaration = self._desired.declaration(ref)
        declared = declaration.manifest if declaration else None
        part = self._clusters.get(ref.cluster)
        return declared or (part.actual.manifest(ref) if part else None)

    def _generator(self, ref: ObjectRef, actual: Manifest) -> Manifest | None:
        """The living object's generator, if all is known that it generates."""
        keeper = generator_of(actual)
        if keeper is None:
            return None
        generator = ObjectRef(
            ref.cluster, ref.group, keeper.kind, keeper.namespace or ref.namespace, keeper.name
        )
        if not self._desired.followed.knows(generator):
            return None
        return self._known(generator)

    def _doubt_about_declaration(
        self, desired: Manifest | None, ref: ObjectRef, actual: Manifest | None
    ) -> Doubt | None:
        """While not everything declared is known, nobody can say that an object is undeclared, or how it is.

        What one root declares, an owner in it may declare once more, and otherwise.
        """
        known, ahead = self._desired, self._desired.followed.ahead
        if desired is not None:
            root = known.objects.root_of(ref) if ahead else None
            return Doubt.RENDER_FAILED if root and known.roots[root].root.top in ahead else None
        if (
            known.followed.doubts(actual)
            or self._neighbours.listing(ref) in known.followed.unknown()
        ):
            return Doubt.OWNER_UNKNOWN
        is_coming = any(not known.roots[top].stale_reason for top in ahead)
        is_known = not is_coming and known.roots.complete(ref.cluster)
        return None if is_known else Doubt.RENDER_FAILED

    def _scaler(self, ref: ObjectRef, scalers: Scalers) -> Scaler | None:
        autoscaler = scalers.scaled_by(ref)
        scaler = scalers.of(ref)
        if scaler is None or autoscaler is None:
            return None
        declared = self._desired.declaration(autoscaler)
        return replace(scaler, declared=declared is not None and declared.manifest is not None)
