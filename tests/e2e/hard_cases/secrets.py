"""Case 8: secrets. A change must be seen, and nothing of what changed may be shown."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from tests.builders import obj
from tests.e2e.hard_cases.stage import (
    HAND,
    Body,
    LookAlike,
    applied,
    applied_by_client,
    kubectl,
    merged,
)

_PLANTED, _CHANGED = "hunter2-planted", "swordfish-planted"


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_HIDDEN = (_PLANTED, _CHANGED, _encoded(_PLANTED)[:12], _encoded(_CHANGED)[:12])
_RECORD = "kubectl.kubernetes.io/last-applied-configuration"


def _login(**rest: Any) -> Body:
    return obj("v1", "Secret", "login", "", **rest)


def _docker(password: str) -> Body:
    auths = {"auths": {"registry.example.com": {"username": "ada", "password": password}}}
    kind = "kubernetes.io/dockerconfigjson"
    return _login(type=kind, data={".dockerconfigjson": _encoded(json.dumps(auths))})


_TEXT = _login(stringData={"password": _PLANTED})
_EMPTY = _login(data={"password": ""})
_ANOTHER = {"data": {"password": _encoded(_CHANGED)}}
_ONE_MORE = {"data": {"extra": _encoded(_CHANGED)}}

CASE_8: Sequence[LookAlike] = (
    LookAlike(name="text in Git, server-side", declared=[_TEXT], deeds=[applied(_TEXT)]),
    LookAlike(name="text in Git, client-side", declared=[_TEXT], deeds=[applied_by_client(_TEXT)]),
    LookAlike(name="an empty value", declared=[_EMPTY], deeds=[applied(_EMPTY)]),
    LookAlike(
        name="another value",
        declared=[_TEXT],
        deeds=[applied(_TEXT), merged(_TEXT, _ANOTHER)],
        reported=[("K8S-002", "data.password", "changed", HAND)],
        hidden=_HIDDEN,
    ),
    LookAlike(
        name="another value where a client keeps its record",
        declared=[_TEXT],
        deeds=[applied_by_client(_TEXT), merged(_TEXT, _ANOTHER)],
        reported=[("K8S-002", "data.password", "changed", HAND)],
        hidden=_HIDDEN,
    ),
    LookAlike(
        name="another value, and a record that nobody can read",
        declared=[_TEXT],
        deeds=[
            applied_by_client(_TEXT),
            merged(_TEXT, _ANOTHER),
            kubectl("annotate", "--overwrite", "secret/login", f"{_RECORD}={{{_PLANTED}"),
        ],
        reported=[("K8S-002", "data.password", "changed", HAND)],
        hidden=_HIDDEN,
    ),
    LookAlike(
        name="one value more",
        declared=[_TEXT],
        deeds=[applied(_TEXT), merged(_TEXT, _ONE_MORE)],
        reported=[("K8S-002", "data.extra", "added", HAND)],
        hidden=_HIDDEN,
    ),
    LookAlike(
        name="the account at a registry",
        declared=[_docker(_PLANTED)],
        deeds=[
            applied(_docker(_PLANTED)),
            merged(_docker(_PLANTED), {"data": _docker(_CHANGED)["data"]}),
        ],
        reported=[("K8S-002", 'data[".dockerconfigjson"]', "changed", HAND)],
        hidden=_HIDDEN,
    ),
)
