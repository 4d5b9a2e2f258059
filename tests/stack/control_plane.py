"""A Kubernetes control plane: etcd, kube-apiserver and kube-controller-manager.

Everything of a cluster that the auditor can see, without the nodes: objects are stored,
defaulted, validated, watched, and tracked by manager as in any cluster, and the
controllers make their usual noise. This module refuses to pretend that there are nodes:
no kubelet runs, so Pods stay pending.
"""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.stack import build, kubernetes_flags, web
from tests.stack.credentials import issue_users, write_kubeconfig
from tests.stack.errors import PortTakenError, StackError
from tests.stack.ports import on_free_ports
from tests.stack.server import Server
from tests.stack.workspace import Workspace

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl", "openssl")
_ADMIN = "admin"
_CONTROLLERS = "system:kube-controller-manager"
_KUBECTL_TIMEOUT = 120.0


class ControlPlane:
    """One cluster without nodes."""

    def __init__(self, workspace: Workspace, layout: kubernetes_flags.Layout) -> None:
        """Use `launch` instead."""
        self.folder = layout.folder
        self.url = layout.url
        self.users = layout.users
        self._workspace = workspace
        self._layout = layout
        self._servers: dict[str, Server] = {}

    @classmethod
    def launch(
        cls,
        workspace: Workspace,
        *,
        name: str = "kubernetes",
        flags: Sequence[str] = (),
        groups: Mapping[str, tuple[str, ...]] | None = None,
        controllers: bool = True,
    ) -> "ControlPlane":
        """Start a cluster and wait until it works.

        `flags` are added to the API server's, as `--feature-gates=WatchList=false`;
        `groups` are further users, each with its groups. Without `controllers` it takes
        less memory, and objects stay as they were written.
        """

        def attempt() -> "ControlPlane":
            folder = workspace.make_folder(name)
            layout = kubernetes_flags.lay_out(folder, users=issue_users(groups), flags=flags)
            plane = cls(workspace, layout)
            try:
                plane._start(controllers=controllers)
            except PortTakenError:
                plane.stop()
                shutil.rmtree(folder)
                raise
            return plane

        return on_free_ports(attempt)

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.kubeconfig_for(_ADMIN)

    @property
    def token(self) -> str:
        """The administrator's token."""
        return self.users[_ADMIN].token

    def kubeconfig_for(self, user: str) -> Path:
        """Return the kubeconfig of one of the users.

        All but `admin` can do nothing until a role is bound to them.
        """
        path = self.folder / f"kubeconfig-{user.replace(':', '-')}"
        if not path.exists():
            certificate = self._layout.certificates / "apiserver.crt"
            write_kubeconfig(path, url=self.url, certificate=certificate, user=self.users[user])
        return path

    def kubectl(self, *arguments: str, input: str | None = None, user: str = _ADMIN) -> str:  # noqa: A002 - as subprocess.run calls it
        """Run kubectl as one of the users and return what it prints.

        Raises:
            StackError: kubectl failed; the message is what it said.

        """
        done = subprocess.run(
            (build.program("kubectl"), "--kubeconfig", self.kubeconfig_for(user), *arguments),
            input=input,
            capture_output=True,
            text=True,
            check=False,
            timeout=_KUBECTL_TIMEOUT,
        )
        if done.returncode:
            message = f"kubectl {' '.join(arguments)}: {done.stderr.strip()}"
            raise StackError(message)
        return done.stdout

    def create_namespace(self, name: str) -> None:
        """Create a namespace and wait until Pods can be created in it."""
        self.kubectl("create", "namespace", name)
        self.server("kube-controller-manager").wait_until(lambda: self._has_account(name))

    def server(self, name: str) -> Server:
        """Return a running server by its program's name, to freeze or measure it."""
        if name not in self._servers:
            message = f"{name} is not running"
            raise StackError(message)
        return self._servers[name]

    def stop_api_server(self) -> None:
        """End the API server at once, as a crash does; etcd keeps the data."""
        self._end("kube-apiserver")

    def start_api_server(self) -> None:
        """Start the API server on its port again and wait until it works."""
        server = self._run("kube-apiserver", kubernetes_flags.api_server(self._layout))
        server.wait_until(lambda: web.answers(f"{self.url}/readyz", token=self.token))

    def stop_controllers(self) -> None:
        """End the controllers, for a test that wants a cluster without their noise."""
        self._end("kube-controller-manager")

    def start_controllers(self) -> None:
        """Start the controllers and wait until they do what they are for."""
        kubeconfig = self.kubeconfig_for(_CONTROLLERS)
        flags = kubernetes_flags.controller_manager(self._layout, kubeconfig)
        server = self._run("kube-controller-manager", flags)
        server.wait_until(lambda: self._has_account("default"))

    def stop(self) -> None:
        """End everything, what depends on another first."""
        for server in reversed(self._servers.values()):
            server.kill()
        self._servers.clear()

    def _start(self, *, controllers: bool) -> None:
        etcd = self._run("etcd", kubernetes_flags.etcd(self._layout))
        etcd.wait_until(lambda: web.answers(f"{self._layout.etcd_url}/readyz"))
        self.start_api_server()
        if controllers:
            self.start_controllers()

    def _run(self, name: str, flags: tuple[str, ...]) -> Server:
        argv = (str(build.program(name)), *flags)
        server = self._workspace.start(argv, log=self.folder / f"{name}.log")
        self._servers[name] = server
        return server

    def _end(self, name: str) -> None:
        self.server(name).kill()
        del self._servers[name]

    def _has_account(self, namespace: str) -> bool:
        """Tell whether the controllers have reached this namespace."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/default"
        return web.answers(self.url + path, token=self.token)
