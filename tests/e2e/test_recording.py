"""What happens on a real cluster can be recorded, and is found again in every replay.

The recorder runs as a user runs it, beside kubectl and Git; afterwards nothing of the cluster is needed.
"""

from __future__ import annotations

import base64
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.recording.format import moments
from auditor.recording.frames import Content, Finish, Head, Rendered
from tests.builders import config_map, deployment, namespace, secret
from tests.e2e.recorder import RecorderProcess, replayed
from tests.e2e.story import GitFolder
from tests.stack.control_plane import ControlPlane

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PASSWORD = "correct-horse-battery"
ENCODED = base64.b64encode(PASSWORD.encode()).decode()


class Session:
    """A recorder at work, and the cluster and repository that it looks at."""

    def __init__(self, cluster: ControlPlane, folder: Path) -> None:
        self.cluster = cluster
        self.namespace = f"recorded-{uuid.uuid4().hex[:8]}"
        self.git = GitFolder(folder / "platform")
        self.recorder = RecorderProcess(folder)
        self.file = self.recorder.file
        self.end = self.recorder.end
        self.wait_for = self.recorder.wait_for
        self.wait_for_change = self.recorder.wait_for_change

    def declare(self, image: str = "web:1.4") -> str:
        """Commit a namespace with a Deployment, a ConfigMap and a Secret."""
        objects = [
            namespace(self.namespace),
            deployment(namespace=self.namespace, image=image),
            config_map(namespace=self.namespace),
            secret(namespace=self.namespace, data={"password": ENCODED}),
        ]
        self.git.write("apps/all.yaml", objects)
        return self.git.commit()

    def kubectl(self, *arguments: str) -> None:
        """Do something in the namespace."""
        self.cluster.kubectl("-n", self.namespace, *arguments)

    def apply(self) -> None:
        """Let the cluster follow."""
        file = self.git.folder / "apps/all.yaml"
        self.cluster.kubectl("apply", "--server-side", "--force-conflicts", f"--filename={file}")

    def begin(self) -> None:
        """Start the recorder, and wait until it has read Git and watches."""
        configuration = {
            "clusters": [
                {"name": "prod", "kubeconfig": str(self.cluster.kubeconfig), "secrets": True}
            ],
            "repositories": [
                {"name": "platform", "url": str(self.git.folder), "ref": "main", "poll": "500ms"}
            ],
            "desired": [{"repository": "platform", "path": "apps", "cluster": "prod"}],
        }
        self.recorder.begin(configuration)
        for name in (b'"web"', b'"settings"', b'"login"'):
            self.wait_for_change(name)
        self.wait_for(lambda frame: isinstance(frame, Content))


@pytest.fixture
def session(control_plane: ControlPlane, tmp_path: Path) -> Iterator[Session]:
    """A session that has not begun, with a namespace of its own."""
    opened = Session(control_plane, tmp_path)
    yield opened
    opened.end(signal.SIGKILL)
    control_plane.kubectl(
        *("delete", "namespace", opened.namespace, "--wait=false", "--ignore-not-found")
    )


def test_a_recorded_session_is_found_again(session: Session) -> None:
    """Changes by hand, a commit and its deployment: the same findings twice, byte for byte."""
    session.declare()
    session.apply()
    session.begin()

    session.kubectl("scale", "deployment/web", "--replicas=7")
    session.wait_for_change(b'"replicas":7')
    session.kubectl("delete", "configmap/settings")
    session.wait_for_change(b'"DELETED"')
    session.kubectl("patch", "secret/login", '-p={"stringData":{"password":"another-one"}}')
    commit = session.declare("web:1.5")
    session.wait_for(lambda frame: isinstance(frame, Head) and frame.commit == commit)
    session.apply()
    session.wait_for_change(b"web:1.5")
    session.end()

    first, events = replayed(session.file)
    second, _ = replayed(session.file)
    assert first == second
    mine = [event for event in events if f"/{session.namespace}/" in event["subject"]]
    opened = {e["data"]["object"]["kind"]: e["data"] for e in mine if ".opened." in e["type"]}
    assert opened.keys() == {"Deployment", "ConfigMap", "Secret"}
    assert [d["path"] for d in opened["Deployment"]["differences"]] == ["spec.replicas"]
    assert opened["ConfigMap"]["category"] == "missing"
    assert [d["path"] for d in opened["Secret"]["differences"]] == ["data.password"]


def test_no_secret_enters_the_file(session: Session) -> None:
    """Not from Git, not from the cluster, not in any spelling."""
    session.declare()
    session.apply()
    session.begin()
    patch = f'-p={{"metadata":{{"annotations":{{"note":"was {PASSWORD}"}}}}}}'
    session.kubectl("patch", "secret/login", patch)
    session.wait_for_change(b'"note"')
    session.end()

    text = b"".join(repr(frame).encode() for _, frame in moments(session.file))

    assert b"login" in text
    assert PASSWORD.encode() not in text
    assert ENCODED.encode() not in text


KUSTOMIZATION = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [all.yaml]
patches: [{path: patch.yaml, target: {kind: Deployment}}]
secretGenerator:
  - name: generated
    options: {disableNameSuffixHash: true}
    files: [token.txt]
"""


@pytest.mark.usefixtures("rendering_programs")
def test_a_kustomization_is_replayed_without_kustomize(session: Session) -> None:
    """Its result is recorded, because nobody can tell which of its files are secret."""
    patch = "- {op: replace, path: /spec/replicas, value: 4}\n"
    session.git.write("apps/kustomization.yaml", KUSTOMIZATION)
    session.git.write("apps/patch.yaml", patch)
    session.git.write("apps/token.txt", PASSWORD)
    session.declare()
    session.apply()
    session.begin()
    session.wait_for(lambda frame: isinstance(frame, Rendered))
    session.kubectl("scale", "deployment/web", "--replicas=7")
    session.wait_for_change(b'"replicas":7')
    session.end()

    _, events = replayed(session.file)

    found = {
        e["data"]["object"]["name"]: e["data"] for e in events if session.namespace in e["subject"]
    }
    assert found["web"]["differences"][0]["desired"] == 4
    assert PASSWORD.encode() not in b"".join(repr(f).encode() for _, f in moments(session.file))


def test_a_killed_recorder_leaves_a_replay(session: Session) -> None:
    """Everything up to the end is there, although nobody said that it ended."""
    session.declare()
    session.apply()
    session.begin()
    session.kubectl("scale", "deployment/web", "--replicas=7")
    session.wait_for_change(b'"replicas":7')

    session.end(signal.SIGKILL)

    _, events = replayed(session.file)
    assert not any(isinstance(frame, Finish) for _, frame in moments(session.file))
    assert f"apps/Deployment/{session.namespace}/web" in {event["subject"] for event in events}
