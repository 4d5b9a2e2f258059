"""One registry of OCI artifacts, with or without a password.

What charts and artifacts of files are pushed to and pulled from in production as well. This module refuses to
push anything: that is for whoever tests.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.stack import build, web
from tests.stack.errors import PortTakenError
from tests.stack.ports import HOST, free_port, on_free_ports
from tests.stack.server import Server
from tests.stack.workspace import Workspace

PROGRAMS = ("registry",)


USER = "robot"
PASSWORD = "planted-registry-password"
SERVICE = "stack-registry"
ISSUER = "stack-tokens"
_HASHED = "$2b$04$qwryl21udVmtiKvII0/vY.9XS7j3P2YHBG92C3OapevOlXKvSIUVu"
"""The password as bcrypt has it, which is the only form that the registry reads and Python cannot make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Who gives tokens to users: where that is, and the certificate that they are signed by."""

    realm: str
    certificate: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Whom a registry lets in: everybody, whoever knows the password, or whoever has a token.

    What is pushed to one that is open can be read through another one: ``data`` is its folder.
    """

    is_private: bool = False
    tokens: Tokens | None = None
    data: Path | None = None


class Registry:
    """A registry that keeps what it has in a folder, over plain HTTP."""

    def __init__(self, workspace: Workspace, folder: Path, access: Access) -> None:
        """Use `launch` instead."""
        self.folder = folder
        self.data = access.data or folder / "data"
        self.is_private = access.is_private
        self.host = f"{HOST}:{free_port()}"
        self.url = f"http://{self.host}"
        self._tokens = access.tokens
        self._workspace = workspace
        self.server: Server

    @classmethod
    def launch(
        cls, workspace: Workspace, *, name: str = "registry", access: Access | None = None
    ) -> "Registry":
        """Start an empty registry and wait until it serves."""

        def attempt() -> "Registry":
            registry = cls(workspace, workspace.make_folder(name), access or Access())
            try:
                registry.start()
            except PortTakenError:
                shutil.rmtree(registry.folder)
                raise
            return registry

        return on_free_ports(attempt)

    def start(self) -> None:
        """Start it on its port, with the data that it has, and wait for it."""
        configuration = self.folder / "registry.yml"
        configuration.write_text(self._configuration())
        argv = (str(build.program("registry")), "serve", str(configuration))
        quiet = {"OTEL_TRACES_EXPORTER": "none"}
        self.server = self._workspace.start(
            argv, log=self.folder / "registry.log", environment=quiet
        )
        self.server.wait_until(lambda: web.answers(f"{self.url}/"))

    def stop(self) -> None:
        """End it in good order."""
        self.server.stop()

    def _configuration(self) -> str:
        return f"""\
version: 0.1
log: {{level: warn}}
storage:
  filesystem: {{rootdirectory: {self.data}}}
  delete: {{enabled: true}}
http: {{addr: "{self.host}"}}
{self._authentication()}"""

    def _authentication(self) -> str:
        if self._tokens is not None:
            told = (
                f"service: {SERVICE}, issuer: {ISSUER}, rootcertbundle: {self._tokens.certificate}"
            )
            return f'auth: {{token: {{realm: "{self._tokens.realm}", {told}}}}}\n'
        if not self.is_private:
            return ""
        file = self.folder / "htpasswd"
        file.write_text(f"{USER}:{_HASHED}\n")
        return f"auth:\n  htpasswd: {{realm: stack, path: {file}}}\n"
