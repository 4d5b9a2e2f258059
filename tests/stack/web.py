"""The few HTTP requests that the stack itself makes.

To servers on this machine, to ask whether they are ready and to tell Prometheus
something. This module refuses to be a client library: it has no retry and no session.
"""

import json
import ssl
import urllib.error
import urllib.request
from typing import Any

from tests.stack.errors import StackError

_TIMEOUT = 10.0
# Of a poll, which is repeated: whoever took the port may accept and never answer.
_POLL_TIMEOUT = 2.0


def _trust_anything() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


# A readiness poll starts before the server has made its certificate. It stays on the
# loopback interface; whoever uses the server afterwards gets the certificate in the
# kubeconfig. And no proxy: it could not reach this machine's loopback interface.
_opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=_trust_anything())
)


def answers(url: str, *, token: str | None = None) -> bool:
    """Tell whether a GET of this address succeeds."""
    request = _request(url)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with _opener.open(request, timeout=_POLL_TIMEOUT):
            return True
    except OSError:
        return False


def get_json(url: str) -> Any:
    """Return what a GET of this address answers."""
    return json.loads(_open(_request(url)))


def post(url: str) -> None:
    """Send an empty POST."""
    _open(_request(url, method="POST"))


def _request(url: str, method: str = "GET") -> urllib.request.Request:
    return urllib.request.Request(url, method=method)  # noqa: S310 - only our own addresses


def _open(request: urllib.request.Request) -> bytes:
    try:
        with _opener.open(request, timeout=_TIMEOUT) as response:
            body: bytes = response.read()
            return body
    except urllib.error.HTTPError as error:
        reason = error.read().decode(errors="replace")
        message = f"{request.full_url}: {error.code} {reason}"
        raise StackError(message) from error
