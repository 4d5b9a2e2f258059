"""Repositories over ssh, from a real sshd."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pygit2
import pytest

from auditor.errors import SourceUnavailable
from auditor.sources.git.credentials import Credentials
from auditor.sources.git.fetching import Remote
from auditor.sources.git.libgit2 import trust_hosts
from auditor.sources.git.repository import open_repository
from tests.git_repositories import ScriptedRepository

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
pytestmark = pytest.mark.skipif(
    SSHD is None or shutil.which("git") is None, reason="no sshd and git on this machine"
)


@dataclass(frozen=True)
class SshServer:
    """A server, the line of known_hosts that makes it known, and the key that opens it."""

    remote: Remote
    known_hosts: Path
    stranger: str


def key(folder: Path, name: str, passphrase: str = "") -> str:
    file = folder / name
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(file)]
    subprocess.run(command, check=True)
    return file.read_text()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    pytest.fail("sshd does not listen")


@pytest.fixture
def server(tmp_path: Path, upstream: ScriptedRepository) -> Iterator[SshServer]:
    host_key, port = tmp_path / "host", free_port()
    key(tmp_path, "host")
    user_key = key(tmp_path, "user", "a phrase")
    (tmp_path / "authorized").write_text((tmp_path / "user.pub").read_text())
    options = {
        "HostKey": host_key,
        "AuthorizedKeysFile": tmp_path / "authorized",
        "ListenAddress": f"127.0.0.1:{port}",
        "StrictModes": "no",
        "PermitRootLogin": "yes",
        "UsePAM": "no",
        "PidFile": "none",
    }
    (tmp_path / "config").write_text(
        "".join(f"{name} {value}\n" for name, value in options.items())
    )
    if Path("/run").stat().st_uid == 0 and getpass.getuser() == "root":
        Path("/run/sshd").mkdir(exist_ok=True)
    command = [str(SSHD), "-D", "-e", "-f", str(tmp_path / "config")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as sshd:
        wait_for(port)
        known_hosts = tmp_path / "known_hosts"
        known_hosts.write_text(f"[127.0.0.1]:{port} {(tmp_path / 'host.pub').read_text()}")
        url = f"ssh://{getpass.getuser()}@127.0.0.1:{port}{upstream.folder}"
        credentials = Credentials(ssh_key=user_key, ssh_passphrase="a phrase")
        yield SshServer(
            Remote(url=url, ref="main", credentials=credentials),
            known_hosts,
            key(tmp_path, "stranger"),
        )
        sshd.terminate()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home of the test's own for libgit2, whose options are global."""
    before = pygit2.settings.homedir
    pygit2.settings.homedir = str(tmp_path / "home")
    yield tmp_path / "home"
    pygit2.settings.homedir = before


async def test_a_key_opens_a_known_server(
    upstream: ScriptedRepository, server: SshServer, home: Path, tmp_path: Path
) -> None:
    """With its passphrase, and a server that is in known_hosts."""
    commit = upstream.commit({"a.yaml": "1"})
    trust_hosts([server.known_hosts], home=home)

    assert (
        await open_repository("platform", server.remote, cache=tmp_path / "c").heads()
    ).at() == commit


async def test_an_unknown_server_is_not_trusted(
    upstream: ScriptedRepository, server: SshServer, home: Path, tmp_path: Path
) -> None:
    """Anybody could be it; the remedy is named."""
    upstream.commit({"a.yaml": "1"})

    with pytest.raises(
        SourceUnavailable, match=r"the server is not known\. Add its key to known_hosts"
    ):
        await open_repository("platform", server.remote, cache=tmp_path / "c").heads()


async def test_a_server_with_another_key_is_not_trusted(
    upstream: ScriptedRepository, server: SshServer, home: Path, tmp_path: Path
) -> None:
    """Somebody stands in between."""
    upstream.commit({"a.yaml": "1"})
    name = server.known_hosts.read_text().split()[0]
    server.known_hosts.write_text(f"{name} {(tmp_path / 'user.pub').read_text()}")
    trust_hosts([server.known_hosts], home=home)

    with pytest.raises(SourceUnavailable, match="the server is not known"):
        await open_repository("platform", server.remote, cache=tmp_path / "c").heads()


@pytest.mark.parametrize(
    "wrong", [{"ssh_passphrase": "another"}, {"ssh_key": "no key"}, {"ssh_key": "", "token": "x"}]
)
async def test_wrong_credentials_are_said(
    server: SshServer, home: Path, tmp_path: Path, wrong: dict[str, str]
) -> None:
    """With what to correct."""
    trust_hosts([server.known_hosts], home=home)
    assert server.remote.credentials
    remote = replace(server.remote, credentials=replace(server.remote.credentials, **wrong))

    with pytest.raises(
        SourceUnavailable, match=r"Check (credentials\.sshKeyFrom|the repository's cred)"
    ):
        await open_repository("platform", remote, cache=tmp_path / "c").heads()


async def test_a_strangers_key_is_refused(server: SshServer, home: Path, tmp_path: Path) -> None:
    """And neither key is in the message."""
    trust_hosts([server.known_hosts], home=home)
    remote = replace(server.remote, credentials=Credentials(ssh_key=server.stranger))

    with pytest.raises(SourceUnavailable, match="wants other credentials") as refusal:
        await open_repository("platform", remote, cache=tmp_path / "c").heads()

    assert "PRIVATE KEY" not in str(refusal.value)
