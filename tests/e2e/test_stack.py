"""The test stack does what the tests that use it rely on.

A fault of the stack would look like a fault of the auditor, so it is looked for here
first: isolation, restarts with data, and above all that nothing is left behind.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stack import build, packages
from tests.stack.control_plane import ControlPlane
from tests.stack.errors import MissingError, StackError
from tests.stack.fixtures import LaunchControlPlane, require
from tests.stack.kafka_broker import Kafka
from tests.stack.prometheus import Prometheus
from tests.stack.recipes import KUBERNETES_VERSION
from tests.stack.workspace import Workspace

pytestmark = pytest.mark.e2e

_CHECKOUT = Path(__file__).parents[2]


def test_server_is_the_pinned_version(control_plane: ControlPlane) -> None:
    """Clients parse the version, so it has to be a real one."""
    version = json.loads(control_plane.kubectl("version", "--output=json"))

    assert version["serverVersion"]["gitVersion"] == KUBERNETES_VERSION
    assert version["clientVersion"]["gitVersion"] == KUBERNETES_VERSION


def test_namespaces_of_every_cluster_are_there(control_plane: ControlPlane) -> None:
    """The API server has made what it makes in any cluster."""
    names = control_plane.kubectl("get", "namespaces", "--output=name").split()

    assert {"namespace/default", "namespace/kube-system"} <= set(names)


def test_controllers_work(control_plane: ControlPlane) -> None:
    """A Deployment gets its ReplicaSet and Pods, which stay pending without a kubelet."""
    control_plane.create_namespace("controllers")

    control_plane.kubectl("create", "deployment", "web", "--image=web:1", "--namespace=controllers")

    wait_for(lambda: _pods(control_plane, "controllers") == ["Pending"])


def test_pods_can_be_created_in_a_new_namespace(control_plane: ControlPlane) -> None:
    """`create_namespace` waits for the service account that a Pod needs."""
    control_plane.create_namespace("fresh")

    control_plane.kubectl("run", "web", "--image=web:1", "--namespace=fresh")

    assert _pods(control_plane, "fresh") == ["Pending"]


def test_a_user_has_no_rights_until_bound(control_plane: ControlPlane) -> None:
    """Least privilege can be tested: what is not granted is refused."""
    with pytest.raises(StackError, match='User "auditor" cannot list resource "secrets"'):
        control_plane.kubectl("get", "secrets", user="auditor")

    control_plane.kubectl(
        *("create", "rolebinding", "look", "--clusterrole=admin", "--user=auditor")
    )

    wait_for(lambda: _succeeds(control_plane, "get", "secrets", user="auditor"))


def test_kubeconfig_carries_a_certificate_that_verifies(control_plane: ControlPlane) -> None:
    """No client has to switch verification off."""
    cluster = json.loads(control_plane.kubeconfig.read_text())["clusters"][0]["cluster"]

    assert "insecure-skip-tls-verify" not in cluster
    assert control_plane.kubectl("get", "--raw=/readyz") == "ok"


def test_api_server_comes_back_with_its_data(launch_control_plane: LaunchControlPlane) -> None:
    """It can be away for a while: same address, same objects, controllers go on."""
    plane = launch_control_plane()
    plane.kubectl("create", "deployment", "web", "--image=web:1")
    before = plane.url

    plane.stop_api_server()
    with pytest.raises(StackError, match="refused"):
        plane.kubectl("get", "deployments")
    plane.start_api_server()

    assert plane.url == before
    assert plane.kubectl("get", "deployments", "--output=name") == "deployment.apps/web\n"
    plane.kubectl("scale", "deployment", "web", "--replicas=3")
    wait_for(lambda: len(_pods(plane, "default")) == 3)


def test_a_frozen_api_server_keeps_its_connections(
    launch_control_plane: LaunchControlPlane,
) -> None:
    """A network that swallows everything is another fault than a server that is gone."""
    plane = launch_control_plane()
    server = plane.server("kube-apiserver")

    server.freeze()
    with pytest.raises(StackError, match=r"[Tt]imeout"):
        plane.kubectl("get", "--raw=/readyz", "--request-timeout=1s")
    server.thaw()

    assert plane.kubectl("get", "--raw=/readyz") == "ok"


def test_flags_reach_the_api_server(launch_control_plane: LaunchControlPlane) -> None:
    """An older server, without streaming lists, can be had."""
    plane = launch_control_plane(flags=("--feature-gates=WatchList=false",))

    with pytest.raises(StackError, match="sendInitialEvents"):
        plane.kubectl("get", f"--raw={_STREAMING_LIST}")


def test_lists_are_streamed(control_plane: ControlPlane) -> None:
    """With etcd 3.6 the API server answers a list as a watch."""
    events = control_plane.kubectl("get", f"--raw={_STREAMING_LIST}&timeoutSeconds=1")

    assert json.loads(events.splitlines()[0])["type"] == "ADDED"


def test_two_control_planes_share_nothing(launch_control_plane: LaunchControlPlane) -> None:
    """Several clusters, or several runs on one machine, do not meet."""
    first, second = launch_control_plane(name="first"), launch_control_plane(name="second")

    first.kubectl("create", "namespace", "only-here")

    assert first.url != second.url
    assert first.token != second.token
    assert "only-here" not in second.kubectl("get", "namespaces")


def test_kafka_hands_back_what_it_was_given(kafka: Kafka) -> None:
    """A record produced is a record consumed."""
    topic = _topic()

    _produce(kafka, topic, "one")

    assert _consume(kafka, topic) == ["one"]


def test_kafka_comes_back_with_its_data(workspace: Workspace) -> None:
    """It can be away for a while, after a stop as after a crash."""
    require(("lib", "java"))
    kafka, topic = Kafka.launch(workspace, name="restarted"), _topic()
    _produce(kafka, topic, "one")

    kafka.stop()
    kafka.start()
    _produce(kafka, topic, "two")
    kafka.crash()
    kafka.start()

    assert _consume(kafka, topic) == ["one", "two"]
    kafka.crash()


def test_prometheus_scrapes_what_it_is_told(prometheus: Prometheus, tmp_path: Path) -> None:
    """Targets and rules can be changed while it runs."""
    rules = tmp_path / "rules.yml"
    rules.write_text(
        'groups: [{name: g, rules: [{record: "answer", expr: "sum(up) + 41"}]}]', "utf-8"
    )

    prometheus.scrape({"itself": [prometheus.url.removeprefix("http://")]}, rules=[rules])

    wait_for(lambda: [sample.value for sample in prometheus.query("answer")] == [42.0])
    assert prometheus.query("up")[0].labels["job"] == "itself"


def test_prometheus_refuses_a_broken_rule(prometheus: Prometheus, tmp_path: Path) -> None:
    """A test of alert rules learns that they do not parse."""
    rules = tmp_path / "rules.yml"
    rules.write_text('groups: [{name: g, rules: [{record: "x", expr: "sum("}]}]', "utf-8")

    with pytest.raises(StackError, match=r"rules\.yml.*unclosed"):
        prometheus.scrape([], rules=[rules])


def test_a_closed_workspace_leaves_nothing() -> None:
    """Every process has ended and the folder is gone."""
    require(("prometheus",))
    with Workspace.temporary() as own:
        Prometheus.launch(own)
        assert _processes(own.folder)

    wait_for(lambda: not _processes(own.folder))
    assert not own.folder.exists()


def test_servers_end_with_a_killed_owner() -> None:
    """No `finally` runs in a process that is killed, and still nothing is left."""
    require(("prometheus",))
    script = (
        "from tests.stack.workspace import Workspace\n"
        "from tests.stack.prometheus import Prometheus\n"
        "own = Workspace.temporary()\n"
        "Prometheus.launch(own)\n"
        "print(own.folder, flush=True)\n"
        "input()\n"
    )
    with _python("-c", script) as owner:
        assert owner.stdout
        folder = Path(owner.stdout.readline().strip())
        assert _processes(folder)
        owner.kill()

    wait_for(lambda: not _processes(folder) and not folder.exists())


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache folder with what is built, and with no running stack of anybody else."""
    require(("lib", "java", "prometheus"))
    built = build.program("lib").parent.parent
    own = tmp_path / "drift-auditor" / "stack"
    own.mkdir(parents=True)
    for folder in built.glob("*-*"):
        if folder.is_dir():
            (own / folder.name).symlink_to(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    yield own
    _command("down", "--all")


@pytest.mark.usefixtures("own_cache")
def test_stacks_of_two_names_go_up_and_down_apart() -> None:
    """`up` outlives its command, is found again, and `down` ends the named one only."""
    one = _command("up", "--name=one", "--only=kafka,prometheus")
    two = _command("up", "--name=two", "--only=prometheus")

    assert set(one) == {"KAFKA_BOOTSTRAP", "PROMETHEUS_URL"}
    assert one["PROMETHEUS_URL"] != two["PROMETHEUS_URL"]
    assert _command("up", "--name=one", "--only=kafka,prometheus") == one

    _command("down", "--name=one")

    assert not _answers(one["PROMETHEUS_URL"])
    assert _answers(two["PROMETHEUS_URL"])


@pytest.mark.usefixtures("own_cache")
def test_a_running_stack_is_not_taken_for_a_larger_one() -> None:
    """Asking for more than runs is refused; nothing is half there."""
    _command("up", "--name=one", "--only=prometheus")

    with pytest.raises(AssertionError, match="runs without kafka"):
        _command("up", "--name=one", "--only=kafka,prometheus")


def test_down_leaves_nothing(own_cache: Path) -> None:
    """No process, no data, no memory of the stack."""
    _command("up", "--name=one", "--only=prometheus")
    file = own_cache / "running" / "one.json"
    folder = Path(json.loads(file.read_text())["folder"])

    _command("down", "--name=one")

    assert not _processes(folder)
    assert not folder.exists()
    assert not file.exists()


def test_an_interrupted_start_leaves_nothing(own_cache: Path) -> None:
    """Whoever presses Ctrl-C, or is told to end, does not have to clean up."""
    argv = ("-m", "tests.stack", "up", "--name=one", "--only=kafka")
    with _python(*argv) as starting:
        wait_for(lambda: len(list((own_cache / "running").glob("one.json"))) == 1)
        folder = Path(json.loads((own_cache / "running" / "one.json").read_text())["folder"])
        wait_for(lambda: bool(_processes(folder)))
        starting.send_signal(signal.SIGTERM)

    assert not _processes(folder)
    assert not folder.exists()
    assert not (own_cache / "running" / "one.json").exists()


def test_a_missing_program_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message can be acted on."""
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(MissingError, match=r"kcat is not on PATH; .*apt-get install .*kcat"):
        packages.locate("kcat")


@pytest.mark.parametrize(
    ("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)]
)
def test_a_missing_program_skips_at_a_desk_and_fails_in_ci(
    ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A green run that ran nothing is worse than none."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    with pytest.raises(outcome, match=r"etcd v3\.6\.8 is not built; run: "):
        require(("etcd",))


_STREAMING_LIST = (
    "/api/v1/namespaces?watch=1&sendInitialEvents=true"
    "&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
)


def wait_for(is_so: Callable[[], bool], *, patience: float = 30.0) -> None:
    """Poll until something is so."""
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.05)


def _pods(plane: ControlPlane, namespace: str) -> list[str]:
    pods = json.loads(plane.kubectl("get", "pods", f"--namespace={namespace}", "--output=json"))
    return [pod["status"]["phase"] for pod in pods["items"]]


def _succeeds(plane: ControlPlane, *arguments: str, user: str) -> bool:
    try:
        plane.kubectl(*arguments, user=user)
    except StackError:
        return False
    return True


def _topic() -> str:
    return f"test-{uuid.uuid4().hex}"


def _produce(kafka: Kafka, topic: str, record: str) -> None:
    _kcat(kafka, "-P", "-t", topic, "-X", "acks=all", records=f"{record}\n")


def _consume(kafka: Kafka, topic: str) -> list[str]:
    return _kcat(kafka, "-C", "-t", topic, "-o", "beginning", "-e", "-q").splitlines()


def _kcat(kafka: Kafka, *arguments: str, records: str = "") -> str:
    require(("kcat",))
    done = subprocess.run(
        (packages.locate("kcat"), "-b", kafka.bootstrap, *arguments),
        input=records,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _processes(folder: Path) -> list[str]:
    """Return the command lines that name this folder."""
    lines = subprocess.run(
        ("ps", "-eww", "-o", "args="), capture_output=True, text=True, check=True
    )
    return [line for line in lines.stdout.splitlines() if str(folder) in line]


def _python(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        (sys.executable, *arguments),
        cwd=_CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _command(*arguments: str) -> dict[str, str]:
    """Run `python -m tests.stack` and return the variables that it exports."""
    done = subprocess.run(
        (sys.executable, "-m", "tests.stack", *arguments),
        cwd=_CHECKOUT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    lines = (line.removeprefix("export ") for line in done.stdout.splitlines())
    return dict(line.split("=", 1) for line in lines)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5):  # noqa: S310 - our own address
            return True
    except OSError:
        return False
