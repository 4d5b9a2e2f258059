"""A certificate that no system trusts, for servers of tests, and tokens that are signed by it."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.stack import packages
from tests.stack.registry import ISSUER, SERVICE


def self_signed(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for 127.0.0.1; return what a server needs, and the file that trusts it."""
    key, certificate = folder / "server.key", folder / "server.pem"
    made = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1")
    named = ("-subj", "/CN=stack", "-addext", "subjectAltName=IP:127.0.0.1")
    argv = (packages.locate("openssl"), *made, *named, "-keyout", key, "-out", certificate)
    subprocess.run(argv, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate


def registry_token(certificate: Path, *, path: str) -> str:
    """Let somebody pull one path: https://distribution.github.io/distribution/spec/auth/jwt/."""
    packed = "".join(certificate.read_text().split("-----")[2].split())
    now = int(time.time())  # noqa: TID251 - the registry's own clock judges it
    claims = {
        "iss": ISSUER,
        "aud": SERVICE,
        "sub": "robot",
        "nbf": now - 60,
        "iat": now,
        "exp": now + 600,
        "access": [{"type": "repository", "name": path, "actions": ["pull"]}],
    }
    said = ".".join(map(_encoded, ({"alg": "RS256", "typ": "JWT", "x5c": [packed]}, claims)))
    argv = (packages.locate("openssl"), "dgst", "-sha256", "-sign", certificate.with_suffix(".key"))
    signed = subprocess.run(argv, input=said.encode(), check=True, capture_output=True).stdout
    return f"{said}.{_url_safe(signed)}"


def _encoded(part: Any) -> str:
    return _url_safe(json.dumps(part).encode())


def _url_safe(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
