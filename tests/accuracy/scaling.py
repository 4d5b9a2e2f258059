"""Replicas that an autoscaler may move and a person may not, on a real scale subresource.

A dry run of a scale tells nothing of the scaled object's managedFields, so this is done for real, on
Deployments of its own. This module refuses to run an autoscaler: without nodes there is nothing to
measure, so the controller manager's name is used as the controller manager would.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from auditor.domain.pair import Scaler
from auditor.state.schemas import Schemas
from tests.accuracy.api import APPLY_PATCH, MERGE_PATCH, Api
from tests.accuracy.pairs import compare, planted

_CONTROLLER = "kube-controller-manager"
_RANGE = Scaler(minimum=2, maximum=5)


@dataclass(frozen=True, slots=True)
class Scaled:
    """What was done, and what was said of it."""

    kind: str
    is_drift: bool
    reported: bool


_CASES = (
    ("autoscaler in its range", _CONTROLLER, 4, _RANGE, False),
    ("autoscaler out of its range", _CONTROLLER, 9, _RANGE, True),
    ("person in the range", "kubectl", 4, _RANGE, True),
    ("nobody's autoscaler", _CONTROLLER, 4, None, True),
)


def scaled(api: Api, schemas: Schemas, sample: Mapping[str, Any]) -> Iterator[Scaled]:
    """Scale a Deployment in every way, each time a fresh one."""
    for number, (kind, writer, replicas, scaler, is_drift) in enumerate(_CASES):
        body = copy.deepcopy(dict(sample))
        body["metadata"] = {"name": f"scaled-{number}", "namespace": "default"}
        body["spec"]["replicas"] = 2
        path = f"/apis/apps/v1/namespaces/default/deployments/scaled-{number}"
        api.patch(path, body, writer="kubectl", kind=APPLY_PATCH, dry=False)
        change = {"spec": {"replicas": replicas}}
        api.patch(f"{path}/scale", change, writer=writer, kind=MERGE_PATCH, dry=False)
        pair = replace(next(planted(api, schemas, [body])).pair, scaler=scaler)
        differences = [d for deviation in compare(pair) for d in deviation.differences]
        named = any(d.writer and d.writer.manager == writer for d in differences)
        reported = named and {str(d.path) for d in differences} == {"spec.replicas"}
        yield Scaled(kind, is_drift, reported if is_drift else bool(differences))
