"""How the programs of a control plane are called.

The flags are the part of the stack that follows other people's releases, so they are kept
together and apart from what starts and stops. This module refuses to start anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.stack.credentials import User, write_signing_key, write_tokens
from tests.stack.ports import HOST, free_port

# What the `kubernetes` Service of this cluster points to. Nobody connects to it, so it is
# an address set aside for documentation: one of this machine's own would be another on
# every machine, and there is none where there is no network.
_ADVERTISED = "192.0.2.1"
_SERVICES = "10.0.0.0/16"
_ISSUER = "https://kubernetes.default.svc"
# They look after nodes, which this cluster does not have.
_WITHOUT = ("node-ipam-controller", "node-lifecycle-controller", "ttl-controller")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the parts of one control plane find each other."""

    folder: Path
    users: Mapping[str, User]
    flags: tuple[str, ...]
    etcd_port: int
    peer_port: int
    port: int
    controllers_port: int

    @property
    def etcd_url(self) -> str:
        """Where etcd listens."""
        return f"http://{HOST}:{self.etcd_port}"

    @property
    def url(self) -> str:
        """Where the API server listens."""
        return f"https://{HOST}:{self.port}"

    @property
    def certificates(self) -> Path:
        """Where the API server puts the certificate that it makes for itself."""
        return self.folder / "certificates"


def lay_out(folder: Path, *, users: Mapping[str, User], flags: Sequence[str]) -> Layout:
    """Choose the ports and write the files that the programs start with."""
    write_tokens(users, folder / "tokens.csv")
    write_signing_key(folder / "accounts.key")
    return Layout(
        folder=folder,
        users=users,
        flags=tuple(flags),
        etcd_port=free_port(),
        peer_port=free_port(),
        port=free_port(),
        controllers_port=free_port(),
    )


def etcd(layout: Layout) -> tuple[str, ...]:
    """Return etcd's flags: one member, nothing kept for a power failure."""
    peers = f"http://{HOST}:{layout.peer_port}"
    return (
        f"--data-dir={layout.folder / 'etcd'}",
        f"--listen-client-urls={layout.etcd_url}",
        f"--advertise-client-urls={layout.etcd_url}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    )


def api_server(layout: Layout) -> tuple[str, ...]:
    """Return the API server's flags, the caller's last, so that they win."""
    return (
        f"--etcd-servers={layout.etcd_url}",
        f"--bind-address={HOST}",
        f"--secure-port={layout.port}",
        f"--advertise-address={_ADVERTISED}",
        f"--cert-dir={layout.certificates}",
        f"--service-account-issuer={_ISSUER}",
        f"--service-account-key-file={layout.folder / 'accounts.key'}",
        f"--service-account-signing-key-file={layout.folder / 'accounts.key'}",
        f"--service-cluster-ip-range={_SERVICES}",
        f"--token-auth-file={layout.folder / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        *layout.flags,
    )


def controller_manager(layout: Layout, kubeconfig: Path) -> tuple[str, ...]:
    """Return the controllers' flags: each with an account of its own, as kubeadm has it."""
    return (
        f"--kubeconfig={kubeconfig}",
        f"--bind-address={HOST}",
        f"--secure-port={layout.controllers_port}",
        f"--cert-dir={layout.folder / 'controllers'}",
        f"--service-account-private-key-file={layout.folder / 'accounts.key'}",
        f"--root-ca-file={layout.certificates / 'apiserver.crt'}",
        f"--controllers=*,{','.join(f'-{name}' for name in _WITHOUT)}",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        # The usual 20 requests a second make a test that creates a hundred Deployments
        # wait for nothing.
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    )
