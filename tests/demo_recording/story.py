"""What happens to the shop, act by act.

Most of it is drift: somebody changes the cluster and not Git. Some of it is not, and must stay silent: a
deployment that follows its commit, an autoscaler that does its work. In the end everything is put right,
one way or the other.
"""

from __future__ import annotations

import json
import time

from tests.demo_recording.stage import Stage

BEAT = 3.0
"""Seconds between two acts."""
_SIDECAR = {"name": "mesh-proxy", "image": "mesh.example.com/proxy:0.9"}
_EXTRA_RULE = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}


def perform(stage: Stage) -> None:
    """Play all acts."""
    for act in (
        _scale_by_hand,
        _debug_image,
        _mesh_sidecar,
        _more_rights,
        _deleted_config,
        _debug_shell,
        _rotated_password,
        _label,
        _release,
        _autoscaling,
        _forgotten_release,
        _put_right,
        _codify,
        _follow_at_last,
    ):
        act(stage)
        stage.pause(BEAT)


def _scale_by_hand(stage: Stage) -> None:
    stage.tell("Bob", "kubectl scale deployment/api --replicas=5, to get through the lunch peak")
    stage.kubectl("scale", "deployment/api", "--replicas=5")


def _debug_image(stage: Stage) -> None:
    stage.tell("Carol", "kubectl set image deployment/worker, a debug build to look into a bug")
    image = "shop/worker:2.3.1-debug"
    stage.kubectl("set", "image", "deployment/worker", f"worker={image}")


def _mesh_sidecar(stage: Stage) -> None:
    stage.tell("mesh-installer", "adds its proxy to deployment/web, which nobody declared")
    patch = {"spec": {"template": {"spec": {"containers": [_SIDECAR]}}}}
    stage.kubectl(
        *(
            "patch",
            "deployment/web",
            "--field-manager=mesh-installer",
            f"--patch={json.dumps(patch)}",
        )
    )


def _more_rights(stage: Stage) -> None:
    stage.tell("Dan", "kubectl edit role/shop-operator, so that he may read Secrets")
    patch = [{"op": "add", "path": "/rules/-", "value": _EXTRA_RULE}]
    stage.kubectl(
        *("patch", "role/shop-operator", "--type=json", "--field-manager=kubectl-edit"),
        f"--patch={json.dumps(patch)}",
    )


def _deleted_config(stage: Stage) -> None:
    stage.tell("Erin", "kubectl delete configmap/worker-config, in the wrong terminal")
    stage.kubectl("delete", "configmap/worker-config")


def _debug_shell(stage: Stage) -> None:
    stage.tell("Carol", "kubectl create deployment/debug-shell, and forgets it")
    stage.kubectl("create", "deployment", "debug-shell", "--image=busybox:1.37")


def _rotated_password(stage: Stage) -> None:
    stage.tell("rotate-job", "writes a new password into secret/orders-db")
    patch = {"stringData": {"password": "another-unreal-password"}}
    stage.kubectl(
        *("patch", "secret/orders-db", "--field-manager=rotate-job", f"--patch={json.dumps(patch)}")
    )


def _label(stage: Stage) -> None:
    stage.tell("Frank", "kubectl label service/api tier=gold, for a report")
    stage.kubectl("label", "service/api", "tier=gold")


def _release(stage: Stage) -> None:
    stage.tell("Grace", "merges the release of web 1.5.0; the cluster follows in seconds: no drift")
    stage.edit("shop/web/deployment.yaml", "web:1.4.0", "web:1.5.0")
    stage.commit("Grace", "Release web 1.5.0")
    stage.pause(BEAT * 2)
    stage.apply("shop/web/deployment.yaml")


def _autoscaling(stage: Stage) -> None:
    stage.tell("Grace", "raises the minimum of web's autoscaler; it scales web: no drift either")
    stage.edit("shop/web/scaling.yaml", "minReplicas: 2", "minReplicas: 4")
    stage.commit("Grace", "Keep four replicas of web")
    stage.pause(BEAT)
    stage.apply("shop/web/scaling.yaml")
    deadline = time.monotonic() + 60
    while stage.replicas("web") != 4:
        if time.monotonic() > deadline:
            raise TimeoutError("the autoscaler did not scale web")
        stage.pause(0.5)


def _forgotten_release(stage: Stage) -> None:
    stage.tell("Heidi", "merges a new currency for the api, but the pipeline is stuck")
    stage.edit("shop/api/config.yaml", "CURRENCY: EUR", "CURRENCY: USD")
    stage.commit("Heidi", "Sell in dollars")
    stage.pause(BEAT * 5)


def _put_right(stage: Stage) -> None:
    stage.tell("Ivan", "is on call, and reverts what the findings name, one by one")
    stage.apply("shop/api/deployment.yaml")
    stage.pause(BEAT / 2)
    stage.apply("shop/worker")
    stage.pause(BEAT / 2)
    remove = {"spec": {"template": {"spec": {"containers": [_SIDECAR | {"$patch": "delete"}]}}}}
    stage.kubectl("patch", "deployment/web", f"--patch={json.dumps(remove)}")
    stage.pause(BEAT / 2)
    stage.apply("shop/access/operator.yaml")
    stage.pause(BEAT / 2)
    stage.kubectl("delete", "deployment/debug-shell")
    stage.pause(BEAT / 2)
    stage.apply("shop/orders/credentials.yaml")


def _codify(stage: Stage) -> None:
    stage.tell("Frank", "puts his label into Git: what lives is now what is declared")
    stage.edit(
        "shop/api/service.yaml",
        "labels: {app: api, team: orders}",
        "labels: {app: api, team: orders, tier: gold}",
    )
    stage.commit("Frank", "Mark the api as gold")


def _follow_at_last(stage: Stage) -> None:
    stage.tell("ci-deployer", "works again, and deploys what Heidi merged")
    stage.apply("shop/api/config.yaml")
