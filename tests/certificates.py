"""A certificate that no system trusts, for servers of tests."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

from tests.stack import packages


def self_signed(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for 127.0.0.1; return what a server needs, and the file that trusts it."""
    key, certificate = folder / "server.key", folder / "server.pem"
    made = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    named = ("-subj", "/CN=stack", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1")
    argv = (packages.locate("openssl"), *made, *named, "-keyout", key, "-out", certificate)
    subprocess.run(argv, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate
