"""One trial: real manifests on a real cluster, tampered with, and what the comparators say.

Deterministic but for what the API server allocates: the seed chooses the changes. This module refuses to
print.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from auditor.domain import checks
from auditor.domain.finding import Deviation
from auditor.state.schemas import Schemas
from comparators.presence import presence
from tests.accuracy import planting
from tests.accuracy.additions import Mutation
from tests.accuracy.api import JSON_PATCH, Api, RefusedError
from tests.accuracy.benign import Benign, benign_of
from tests.accuracy.mutations import mutations_of, same_object
from tests.accuracy.pairs import Planted, compare, planted, schemas_of
from tests.accuracy.planting import Way
from tests.accuracy.scaling import scaled
from tests.accuracy.score import WRITER, Score
from tests.stack.control_plane import ControlPlane

_PLAIN = frozenset({"Deployment", "StatefulSet", "ConfigMap", "Service", "Role", "Ingress"})
"""Kinds that never come and go by themselves."""
_QUIET = 3.0
"""Seconds for which no object may change before the cluster counts as settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is done: changes of each class for each way of applying."""

    each: int = 25
    seed: int = 1


def run(plane: ControlPlane, bodies: Sequence[dict[str, Any]], way: Way, plan: Plan) -> Score:
    """Plant everything, then tamper."""
    planting.plant(plane.kubeconfig, bodies, way)
    with Api(plane.url, plane.token) as api:
        _settle(api)
        schemas = schemas_of(api)
        objects = list(planted(api, schemas, bodies))
        score, chance = Score(), random.Random(plan.seed)
        score.objects[way] = len(objects)
        for one in objects:
            score.benign(f"untouched ({way})", str(one.pair.ref), compare(one.pair))
        _tamper(api, objects, score, chance=chance, each=plan.each)
        _disturb(api, _chosen(_all_benign(objects, way), plan.each, chance), score)
        _scale(api, schemas, objects, score)
    plain = [one for one in objects if one.pair.ref.kind in _PLAIN]
    _replace_objects(score, chance.sample(plain, min(len(plain), 2 * plan.each)))
    return score


def _scale(api: Api, schemas: Schemas, objects: Sequence[Planted], score: Score) -> None:
    sample = next((one.desired for one in objects if one.pair.ref.kind == "Deployment"), None)
    for result in scaled(api, schemas, sample) if sample else ():
        tally = score.of(f"scale: {result.kind}", drift=result.is_drift)
        right = result.reported is result.is_drift
        tally.found, tally.missed = tally.found + right, tally.missed + (not right)


def _tamper(
    api: Api, objects: Sequence[Planted], score: Score, *, chance: random.Random, each: int
) -> None:
    possible = ((one, mutation) for one in objects for mutation in mutations_of(one))
    by_class: dict[str, list[tuple[Planted, Mutation]]] = {}
    for one, mutation in possible:
        by_class.setdefault(mutation.kind, []).append((one, mutation))
    for kind, candidates in sorted(by_class.items()):
        chance.shuffle(candidates)
        tally = score.of(kind, drift=True)
        for one, mutation in candidates:
            if tally.made >= each or tally.refused + tally.nothing > 4 * each:
                break
            _tamper_once(api, one, mutation, score)


def _tamper_once(api: Api, one: Planted, mutation: Mutation, score: Score) -> None:
    tally = score.of(mutation.kind, drift=True)
    try:
        after = api.patch(one.path, list(mutation.patch), writer=WRITER, kind=JSON_PATCH)
    except RefusedError:
        tally.refused += 1
        return
    if same_object(one.actual, after):
        tally.nothing += 1
        return
    score.mutation(mutation, str(one.pair.ref), compare(one.with_actual(after)))


def _all_benign(objects: Sequence[Planted], way: Way) -> Iterator[tuple[Planted, Benign]]:
    for one in objects:
        if "managedFields" not in one.actual["metadata"]:
            continue  # without writers nothing is known to be a controller's
        for change in benign_of(one, way):
            yield one, change


def _chosen(
    changes: Iterator[tuple[Planted, Benign]], each: int, chance: random.Random
) -> list[tuple[Planted, Benign]]:
    by_class: dict[str, list[tuple[Planted, Benign]]] = {}
    for one, change in changes:
        by_class.setdefault(change.kind, []).append((one, change))
    return [
        pick
        for _, found in sorted(by_class.items())
        for pick in chance.sample(found, min(len(found), 4 * each))
    ]


def _disturb(api: Api, changes: Sequence[tuple[Planted, Benign]], score: Score) -> None:
    for one, change in changes:
        path = one.path + change.subresource
        try:
            after = api.patch(path, change.patch, writer=change.writer, kind=change.form)
        except RefusedError:
            score.of(change.kind, drift=False).refused += 1
            continue
        score.benign(change.kind, str(one.pair.ref), compare(one.with_actual(after)))


def _replace_objects(score: Score, chosen: Sequence[Planted]) -> None:
    """Objects that are gone, and objects that nobody declared."""
    for one in chosen:
        gone = [*presence(replace(one.pair, actual=None))]
        _one_of(score, "delete object", gone, {checks.MISSING.id})
        new = [*presence(replace(one.pair, desired=None, governed=True))]
        _one_of(score, "create object", new, {checks.UNMANAGED.id, checks.ORPHANED.id})


def _one_of(score: Score, kind: str, said: Sequence[Deviation], expected: set[str]) -> None:
    tally = score.of(kind, drift=True)
    right = len(said) == 1 and said[0].check in expected
    tally.found, tally.missed = tally.found + right, tally.missed + (not right)


def _settle(api: Api) -> None:
    """Wait until the controllers have nothing left to do."""
    before, since = "", time.monotonic()
    while time.monotonic() - since < _QUIET:
        now = api.get("/apis/apps/v1/deployments?limit=1")["metadata"]["resourceVersion"]
        if now != before:
            before, since = now, time.monotonic()
        time.sleep(0.2)
