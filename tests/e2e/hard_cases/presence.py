"""Cases 13 and 14: declared and not there, there and not declared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.builders import config_map, deployment, obj, service
from tests.e2e.hard_cases.stage import (
    APPLIER,
    Body,
    Deed,
    LookAlike,
    Stage,
    applied,
    created,
    gone,
    has,
    kubectl,
)

_POD = {"restartPolicy": "Never", "containers": [{"name": "a", "image": "a:1"}]}


def _job(annotations: dict[str, str] | None = None, **spec: Any) -> Body:
    body: Body = obj("batch/v1", "Job", "migrate", "", spec={"template": {"spec": _POD}} | spec)
    return body | {"metadata": {"name": "migrate", "annotations": annotations or {}}}


_SETTINGS: Body = config_map(namespace="")
_HELD: Body = _SETTINGS | {"metadata": {"name": "settings", "finalizers": ["example.com/stuck"]}}
_FADING = _job(completions=0, ttlSecondsAfterFinished=0)
_PASSING = _job({"helm.sh/hook": "pre-install", "helm.sh/hook-delete-policy": "hook-succeeded"})
_STAYING = _job({"helm.sh/hook": "post-install"})
_SYNCED = _job(
    {"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/hook-delete-policy": "HookSucceeded"}
)
_DELETE_JOB = kubectl("delete", "job/migrate")
_MISSING = [("K8S-001", "", "", "")]

CASE_13: Sequence[LookAlike] = (
    LookAlike(
        name="deleted by hand",
        declared=[_SETTINGS],
        deeds=[applied(_SETTINGS), kubectl("delete", "configmap/settings")],
        reported=_MISSING,
    ),
    LookAlike(
        name="a Job, deleted by hand",
        declared=[_job()],
        deeds=[applied(_job()), _DELETE_JOB],
        reported=_MISSING,
    ),
    LookAlike(
        name="a Job, finished and cleaned up by its controller",
        declared=[_FADING],
        deeds=[applied(_FADING)],
        until=gone(_FADING),
    ),
    LookAlike(
        name="a hook that goes when it succeeds",
        declared=[_PASSING],
        deeds=[created(_PASSING), _DELETE_JOB],
    ),
    LookAlike(
        name="an Argo CD hook that goes when it succeeds",
        declared=[_SYNCED],
        deeds=[created(_SYNCED), _DELETE_JOB],
    ),
    LookAlike(
        name="a hook that stays",
        declared=[_STAYING],
        deeds=[created(_STAYING), _DELETE_JOB],
        reported=_MISSING,
    ),
    LookAlike(
        name="being deleted, and held by a finalizer",
        declared=[_HELD],
        deeds=[applied(_HELD), kubectl("delete", "--wait=false", "configmap/settings")],
        reported=[("K8S-009", "metadata.deletionTimestamp", "added", "")],
    ),
    LookAlike(
        name="held by a finalizer, and not deleted", declared=[_HELD], deeds=[applied(_HELD)]
    ),
)

_WEB: Body = deployment(namespace="")
_SERVICE: Body = service(namespace="")
_DB: Body = obj(
    "apps/v1",
    "StatefulSet",
    "db",
    "",
    spec={
        "serviceName": "db",
        "selector": {"matchLabels": {"app": "db"}},
        "template": {
            "metadata": {"labels": {"app": "db"}},
            "spec": {"containers": [{"name": "db", "image": "db:1"}]},
        },
        "volumeClaimTemplates": [
            {
                "metadata": {"name": "data"},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": "1Gi"}},
                },
            }
        ],
    },
)
_CLAIM: Body = obj(
    "v1",
    "PersistentVolumeClaim",
    "data-db-0",
    "",
    spec=_DB["spec"]["volumeClaimTemplates"][0]["spec"],
)
_TRACKED = "argocd.argoproj.io/tracking-id"


def _marked(name: str) -> Deed:
    """Apply a ConfigMap with the mark of an owner that owns one of this name."""

    def deed(stage: Stage) -> None:
        marks = {_TRACKED: f"shop:/ConfigMap:{stage.namespace}/{name}"}
        applied(_SETTINGS | {"metadata": {"name": "settings", "annotations": marks}})(stage)

    return deed


_MARKED_WEB: Body = _WEB | {
    "metadata": {"name": "web", "labels": {"app.kubernetes.io/instance": "shop"}}
}
_RELEASE: Body = obj(
    "v1", "Secret", "sh.helm.release.v1.web.v1", "", type="helm.sh/release.v1", data={}
)
_ON_PURPOSE: Body = config_map(namespace="")
_ON_PURPOSE["metadata"]["annotations"] = {"argocd.argoproj.io/compare-options": "IgnoreExtraneous"}


def _undeclared(check: str = "K8S-007", writer: str = "kubectl-create") -> list[Any]:
    return [(check, "", "added", writer)]


CASE_14: Sequence[LookAlike] = (
    LookAlike(name="an empty namespace with what every namespace gets", declared=[]),
    LookAlike(
        name="a Deployment that nobody declared",
        declared=[],
        deeds=[created(_WEB)],
        until=has(_WEB, "deployment.kubernetes.io/revision"),
        reported=_undeclared(),
    ),
    LookAlike(
        name="what controllers made of a declared Deployment and Service",
        declared=[_MARKED_WEB, _SERVICE],
        deeds=[applied(_MARKED_WEB, _SERVICE)],
        until=has(_MARKED_WEB, "ReplicaSetUpdated"),
    ),
    LookAlike(
        name="a claim that a StatefulSet's controller made",
        declared=[_DB],
        deeds=[applied(_DB)],
        until=has(_CLAIM, "storage"),
    ),
    LookAlike(
        name="a claim of such a name that somebody made",
        declared=[],
        deeds=[created(_CLAIM)],
        reported=_undeclared(),
    ),
    LookAlike(
        name="left over by an owner",
        declared=[],
        deeds=[_marked("settings")],
        reported=_undeclared("K8S-003", APPLIER),
    ),
    LookAlike(
        name="an owner's mark that names another object",
        declared=[],
        deeds=[_marked("other")],
        reported=_undeclared(writer=APPLIER),
    ),
    LookAlike(name="the storage of a Helm release", declared=[], deeds=[created(_RELEASE)]),
    LookAlike(name="extraneous on purpose", declared=[], deeds=[created(_ON_PURPOSE)]),
)
