"""A real API server takes the chart, and the account it makes can read and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.story import GitFolder, wait_until, worker
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


def install_account(cluster: ControlPlane, **values: Any) -> None:
    """Apply the account, the role and the binding of the chart."""
    kinds = {"ServiceAccount", "ClusterRole", "ClusterRoleBinding"}
    bodies = [body for body in render(**values).all() if body["kind"] in kinds]
    cluster.kubectl(
        "apply", "--server-side", "--filename=-", input="\n---\n".join(map(json.dumps, bodies))
    )


def kubeconfig_of_the_account(cluster: ControlPlane, path: Path) -> Path:
    """The administrator's kubeconfig with the token that the auditor's pod would be given."""
    document = json.loads(cluster.kubeconfig.read_text())
    token = cluster.kubectl("--namespace", NAMESPACE, "create", "token", RELEASE).strip()
    document["users"][0]["user"] = {"token": token}
    path.write_text(json.dumps(document))
    return path


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
    install_account(cluster)

    assert all(may(cluster, verb, "deployments.apps") for verb in ("get", "list", "watch"))
    assert not any(may(cluster, verb, "deployments.apps") for verb in ("patch", "update", "delete"))
    assert not any(may(cluster, verb, "secrets") for verb in ("get", "list", "watch"))


def test_the_account_is_enough_for_the_auditor(cluster: ControlPlane, tmp_path: Path) -> None:
    """A worker with that account's token hears every kind that it wants, and audits what is declared."""
    install_account(cluster)
    git = GitFolder(tmp_path / "platform")
    metadata = {"name": "declared", "namespace": NAMESPACE}
    git.write("map.yaml", [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}])
    git.commit("Declare a map")
    cluster.kubectl("apply", "-f", str(git.folder))
    kubeconfig = kubeconfig_of_the_account(cluster, tmp_path / "kubeconfig")
    configuration = {
        "clusters": [{"name": "prod", "kubeconfig": str(kubeconfig)}],
        "repositories": [{"name": "platform", "url": str(git.folder)}],
        "desired": [{"repository": "platform", "cluster": "prod"}],
    }

    with worker(tmp_path / "worker", configuration) as process:
        process.start()
        wait_until(lambda: process.metric("auditor_kinds") > 0, what="a count of kinds")

        kinds = process.metric("auditor_kinds")
        assert process.metric("auditor_kinds", standing="synced") == kinds
        assert process.metric("auditor_objects", verdict="in_sync") == 1
        assert process.metric("auditor_objects", verdict="unknown") == 0
