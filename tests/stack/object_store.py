"""One store of buckets that speaks S3, on top of a folder.

The gateway checks signatures as the clouds do. This module refuses to write objects: that is for whoever
tests.
"""

import shutil
from pathlib import Path

from tests.stack import build, web
from tests.stack.errors import PortTakenError
from tests.stack.ports import HOST, free_port, on_free_ports
from tests.stack.server import Server
from tests.stack.workspace import Workspace

PROGRAMS = ("versitygw",)
ACCESS_KEY = "robot"
SECRET_KEY = "planted-secret-key"


class ObjectStore:
    """A store with one account, over plain HTTP."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        """Use `launch` instead."""
        self.folder = folder
        self.host = f"{HOST}:{free_port()}"
        self.url = f"http://{self.host}"
        self._workspace = workspace
        self.server: Server

    @classmethod
    def launch(cls, workspace: Workspace, *, name: str = "object-store") -> "ObjectStore":
        """Start a store without buckets and wait until it serves."""

        def attempt() -> "ObjectStore":
            store = cls(workspace, workspace.make_folder(name))
            try:
                store.start()
            except PortTakenError:
                shutil.rmtree(store.folder)
                raise
            return store

        return on_free_ports(attempt)

    def start(self) -> None:
        """Start it on its port, with the data that it has, and wait for it."""
        for part in ("buckets", "metadata"):
            (self.folder / part).mkdir(exist_ok=True)
        argv = (
            *(
                str(build.program("versitygw")),
                "--quiet",
                "--port",
                self.host,
                "--health",
                "/health",
            ),
            # Beside the data: not every filesystem under a test has extended attributes.
            *("posix", "--sidecar", str(self.folder / "metadata"), str(self.folder / "buckets")),
        )
        account = {"ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY}
        self.server = self._workspace.start(
            argv, log=self.folder / "object-store.log", environment=account
        )
        self.server.wait_until(lambda: web.answers(f"{self.url}/health"))

    def make_bucket(self, name: str) -> None:
        """Make an empty bucket: a folder is one."""
        (self.folder / "buckets" / name).mkdir()

    def remove_bucket(self, name: str) -> None:
        """Remove a bucket with all that is in it."""
        shutil.rmtree(self.folder / "buckets" / name)
