"""A real API server takes the chart, and the account it makes can read and nothing else."""

from __future__ import annotations

import json

import pytest

from tests.ops.helm import NAMESPACE, RELEASE, render
from tests.stack.control_plane import ControlPlane
from tests.stack.errors import StackError
from tests.stack.fixtures import require

pytestmark = pytest.mark.e2e

ACCOUNT = f"system:serviceaccount:{NAMESPACE}:{RELEASE}"


@pytest.fixture(scope="module")
def cluster(control_plane: ControlPlane) -> ControlPlane:
    """A cluster with the namespace of the release, in which only restricted pods may run."""
    require(("helm",))
    control_plane.create_namespace(NAMESPACE)
    restricted = "pod-security.kubernetes.io/enforce=restricted"
    control_plane.kubectl("label", "namespace", NAMESPACE, restricted)
    return control_plane


def may(cluster: ControlPlane, verb: str, resource: str) -> bool:
    """Whether the auditor's account may do this, as the API server's authorizer sees it."""
    question = ("auth", "can-i", verb, resource, f"--as={ACCOUNT}", "--all-namespaces")
    try:
        return cluster.kubectl(*question).strip() == "yes"
    except StackError:
        return False


def test_the_api_server_accepts_every_object(cluster: ControlPlane) -> None:
    """A server-side dry run takes all of it: types, defaults, admission."""
    rendered = render()

    said = cluster.kubectl(
        "apply", "--server-side", "--dry-run=server", "--filename=-", input=rendered.text
    )

    assert said.count("serverside-applied (server dry run)") == len(rendered.all())


def test_the_pod_may_run_where_only_restricted_ones_may(cluster: ControlPlane) -> None:
    """The restricted Pod Security Standard, as the API server enforces it, has no objection."""
    template = render().one("Deployment")["spec"]["template"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "spec": template["spec"] | {"serviceAccountName": "default"},
    }
    pod["metadata"] = {"name": "auditor", "namespace": NAMESPACE}

    said = cluster.kubectl("create", "--dry-run=server", "--filename=-", input=json.dumps(pod))

    assert "created (server dry run)" in said


def test_the_account_reads_and_nothing_else(cluster: ControlPlane) -> None:
    """Once the role is there, the authorizer says yes to reading and no to all the rest."""
    role = [body for body in render().all() if "Cluster" in body["kind"]]
    cluster.kubectl(
        "apply", "--server-side", "--filename=-", input="\n---\n".join(map(json.dumps, role))
    )

    assert all(may(cluster, verb, "deployments.apps") for verb in ("get", "list", "watch"))
    assert not any(may(cluster, verb, "deployments.apps") for verb in ("patch", "update", "delete"))
    assert not any(may(cluster, verb, "secrets") for verb in ("get", "list", "watch"))
