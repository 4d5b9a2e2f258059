"""A Git server over HTTP for tests: git's own ``http-backend``, with a password and a way to fail.

https://git-scm.com/docs/git-http-backend
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest


@dataclass
class GitServer:
    """Where it listens, and how it behaves: a status to answer with, the password, what it was asked."""

    folder: Path
    url: str = ""
    password: str = ""
    status: int = 0
    requests: list[str] = field(default_factory=list)


class _Http(ThreadingHTTPServer):
    """An HTTP server that its handlers know as a Git server."""

    git: GitServer


class _Handler(BaseHTTPRequestHandler):
    server: _Http

    def do_GET(self) -> None:
        git = self.server.git
        git.requests.append(self.path)
        expected = base64.b64encode(f"git:{git.password}".encode()).decode()
        if git.password and self.headers.get("Authorization") != f"Basic {expected}":
            self.refuse(401)
        elif git.status:
            self.refuse(git.status)
        else:
            self.answer()

    def do_POST(self) -> None:
        self.do_GET()

    def refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            env=self.environment(),
            stdout=subprocess.PIPE,
            check=True,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def environment(self) -> dict[str, str]:
        url = urlsplit(self.path)
        return os.environ | {
            "GIT_PROJECT_ROOT": str(self.server.git.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "REMOTE_USER": "git",
        }

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is inherited
        pass


@contextmanager
def serving(folder: Path) -> Iterator[GitServer]:
    """Serve every repository below a folder; skip where there is no git."""
    if shutil.which("git") is None:
        pytest.skip("no git on this machine to serve repositories with")
    server = GitServer(folder)
    with _Http(("127.0.0.1", 0), _Handler) as http:
        http.git = server
        server.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
