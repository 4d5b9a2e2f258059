"""One Kafka broker in KRaft mode.

What the auditor publishes to, and what remediation reads from: topics, offsets, consumer
groups, compaction and idempotent producers behave as in production. This module refuses
to replicate: there is one broker, so a test about lost replicas does not belong here.
"""

import base64
import shutil
import subprocess
import uuid
from pathlib import Path

from tests.stack import build, packages
from tests.stack.errors import PortTakenError, StackError
from tests.stack.kafka_wire import lists_brokers
from tests.stack.ports import HOST, free_port, on_free_ports
from tests.stack.server import Server
from tests.stack.workspace import Workspace

PROGRAMS = ("lib", "java")
_HEAP = "-Xmx512m"
# Without a configuration file log4j shows errors only; this is enough to see why a broker
# did not start.
_LOG_LEVEL = "-Dorg.apache.logging.log4j.level=WARN"
_ONE_BROKER = """\
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
default.replication.factor=1
min.insync.replicas=1
offsets.topic.num.partitions=5
transaction.state.log.num.partitions=5
group.initial.rebalance.delay.ms=0
"""
# After a crash the controller waits until the broker's last session has run out before it
# lets it in again: nine seconds by default.
_SHORT_SESSIONS = """\
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""


class Kafka:
    """A broker that can be stopped and started again with its data."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        """Use `launch` instead."""
        self.folder = folder
        self._workspace = workspace
        self._port = free_port()
        self._controller_port = free_port()
        self.bootstrap = f"{HOST}:{self._port}"
        self.broker: Server

    @classmethod
    def launch(cls, workspace: Workspace, *, name: str = "kafka") -> "Kafka":
        """Start a broker and wait until it serves."""

        def attempt() -> "Kafka":
            kafka = cls(workspace, workspace.make_folder(name))
            kafka._format()
            try:
                kafka.start()
            except PortTakenError:
                shutil.rmtree(kafka.folder)
                raise
            return kafka

        return on_free_ports(attempt)

    def start(self) -> None:
        """Start the broker on its port, with the data that it has, and wait for it."""
        argv = (*self._java(_HEAP), "kafka.Kafka", str(self._properties))
        self.broker = self._workspace.start(argv, log=self.folder / "kafka.log")
        self.broker.wait_until(lambda: lists_brokers(HOST, self._port))

    def stop(self) -> None:
        """End the broker in good order."""
        self.broker.stop()

    def crash(self) -> None:
        """End the broker at once."""
        self.broker.kill()

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _format(self) -> None:
        self._properties.write_text(self._configuration())
        argv = (
            *(
                *self._java("-XX:TieredStopAtLevel=1"),
                "kafka.tools.StorageTool",
                "format",
                "--standalone",
            ),
            *(f"--cluster-id={_random_cluster_id()}", f"--config={self._properties}"),
        )
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            message = f"formatting Kafka's storage failed: {done.stdout}{done.stderr}"
            raise StackError(message)

    def _configuration(self) -> str:
        clients, controller = f"PLAINTEXT://{self.bootstrap}", f"{HOST}:{self._controller_port}"
        return f"""\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={controller}
listeners={clients},CONTROLLER://{controller}
advertised.listeners={clients}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={self.folder / "data"}
{_ONE_BROKER}{_SHORT_SESSIONS}"""

    @staticmethod
    def _java(*flags: str) -> tuple[str, ...]:
        java, jars = packages.locate("java"), build.program("lib")
        return (str(java), *flags, _LOG_LEVEL, "-cp", f"{jars}/*")


def _random_cluster_id() -> str:
    """Make an id as Kafka does; it may begin with a dash, so it must not stand alone in a command."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
