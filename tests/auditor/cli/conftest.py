"""A folder to work in, and logging left as it was."""

from __future__ import annotations

import io
import logging
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from auditor.telemetry.logs import configure_logging
from tests.stack.fixtures import rendering_programs

__all__ = ["rendering_programs"]

_CONFIGURATION = """\
apiVersion: auditor/v1
clusters:     [{name: prod, kubeconfig: kubeconfig, kinds: {include: ["apps/*"]}}]
repositories: [{name: platform, url: platform}]
desired:      [{repository: platform, path: apps, cluster: prod, renderer: plain}]
store:        {path: ledger.db, cache: cache}
"""
_KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: prod
clusters: [{name: prod, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: me, user: {}}]
contexts: [{name: prod, context: {cluster: prod, user: me}}]
"""
_MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
---
apiVersion: v1
kind: Secret
metadata: {name: login, namespace: shop, annotations: {copy: hunter2-planted}}
data: {password: aHVudGVyMi1wbGFudGVk}
stringData: {user: hunter2-planted}
---
apiVersion: example.com/v1
kind: Policy
metadata: {name: strict, namespace: shop}
"""


@pytest.fixture(autouse=True)
def _logging_restored() -> Iterator[None]:
    """Logging is of the process; what a test's own server logs is no output of a command."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    configure_logging(io.StringIO())
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    """A kubeconfig of a cluster that is not there."""
    path = tmp_path / "kubeconfig-of-nowhere"
    path.write_text(_KUBECONFIG)
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration for a cluster that is not there, and a repository with three objects."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "auditor.yaml").write_text(_CONFIGURATION)
    (tmp_path / "kubeconfig").write_text(_KUBECONFIG)
    apps = tmp_path / "platform" / "apps"
    apps.mkdir(parents=True)
    (apps / "web.yaml").write_text(_MANIFESTS)
    for command in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-qm", "Declare"),
    ):
        subprocess.run(("git", *command), cwd=tmp_path / "platform", check=True)
    return tmp_path
