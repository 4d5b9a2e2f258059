"""Who may do what on a control plane of the stack, and the files that say so.

Every control plane gets tokens of its own, at random, so that no test can work by knowing
one. This module refuses to grant rights: except for the administrator, a user has none
until a test binds a role.
"""

import base64
import csv
import json
import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.stack import packages

_TOKEN_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody the API server knows by a token."""

    name: str
    token: str
    groups: tuple[str, ...] = ()


# `auditor` and `remediator` are the accounts of the worker and of the one that acts for
# it; the other two are people, who change things by hand.
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "admin": ("system:masters",),
    "system:kube-controller-manager": (),
    "auditor": (),
    "remediator": (),
    "alice": ("developers",),
    "bob": ("developers",),
}


def issue_users(groups: Mapping[str, tuple[str, ...]] | None = None) -> dict[str, User]:
    """Make a token for each of the usual users, and for those that a test adds."""
    return {
        name: User(name=name, token=secrets.token_hex(_TOKEN_BYTES), groups=of_user)
        for name, of_user in {**_GROUPS, **(groups or {})}.items()
    }


def write_tokens(users: Mapping[str, User], path: Path) -> None:
    """Write the file that the API server reads once, when it starts."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        for user in users.values():
            writer.writerow((user.token, user.name, user.name, ",".join(user.groups)))
    path.chmod(0o600)


def write_signing_key(path: Path) -> None:
    """Write the key with which service accounts' tokens are signed and verified."""
    openssl = packages.locate("openssl")
    subprocess.run((openssl, "genrsa", "-out", path, "2048"), check=True, capture_output=True)


def write_kubeconfig(path: Path, *, url: str, certificate: Path, user: User) -> None:
    """Write a kubeconfig with everything in it, so that it works wherever it is copied.

    JSON, which is YAML too, and needs no library.
    """
    authority = base64.b64encode(certificate.read_bytes()).decode()
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "stack",
        "clusters": [
            {"name": "stack", "cluster": {"server": url, "certificate-authority-data": authority}}
        ],
        "users": [{"name": user.name, "user": {"token": user.token}}],
        "contexts": [{"name": "stack", "context": {"cluster": "stack", "user": user.name}}],
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(document, indent=2) + "\n")
