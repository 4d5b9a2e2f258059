"""How a Git server is told who asks, without any secret ending up in a message."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pygit2
from pygit2.enums import CredentialType

from auditor.errors import SourceUnavailable

_USERINFO: Final = re.compile(r"(?<=://)[^/@\s]*@")
_REMEDIES: Final = {
    "401": "Check credentials.tokenFrom",
    "403": "Give the account read access to the repository",
    "404": "Check the URL, and that the account may see the repository",
    "private key": "Check credentials.sshKeyFrom and sshPassphraseFrom",
    "authentic": "Check the repository's credentials",
    "resolve": "Check the host name in the URL, and DNS",
    "connect": "Check the URL and the network",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Credentials:
    """Who asks: a name with a token or password for https, or with a private key (its text) for ssh."""

    username: str = "git"
    token: str = ""
    ssh_key: str = ""
    ssh_passphrase: str = ""

    def __repr__(self) -> str:
        """Print the name and nothing else."""
        return f"Credentials(username={self.username!r})"


class Refused(Exception):
    """The server did not take the credentials; raised here, met in `translated`."""


class Untrusted(Exception):
    """The server is not known to be who it says; raised here, met in `translated`."""


class Abandoned(Exception):
    """Nobody waits for this fetch any more; raised here, met in `translated`."""


class Callbacks(pygit2.RemoteCallbacks):  # type: ignore[misc]  # pygit2 is not typed for mypy here
    """What libgit2 asks during one connection. Stops the transfer once ``stop`` is set."""

    def __init__(self, credentials: Credentials | None, stop: threading.Event) -> None:
        super().__init__()
        self._credentials = credentials
        self._stop = stop
        self._given: set[CredentialType] = set()

    def credentials(self, url: str, username_from_url: str | None, allowed_types: int) -> Any:
        """Answer with what fits; a second question for the same means that the answer was refused."""
        del url
        wanted = self._pick(CredentialType(allowed_types))
        if self._credentials is None or wanted is None or wanted in self._given:
            raise Refused
        self._given.add(wanted)
        name = username_from_url or self._credentials.username
        match wanted:
            case CredentialType.USERNAME:
                return pygit2.Username(name)
            case CredentialType.SSH_MEMORY:
                phrase = self._credentials.ssh_passphrase or None
                return pygit2.KeypairFromMemory(name, None, self._credentials.ssh_key, phrase)
        return pygit2.UserPass(name, self._credentials.token)

    def _pick(self, allowed: CredentialType) -> CredentialType | None:
        if self._credentials is None:
            return None
        usable = [CredentialType.USERNAME]
        usable += [CredentialType.SSH_MEMORY] if self._credentials.ssh_key else []
        usable += [CredentialType.USERPASS_PLAINTEXT] if self._credentials.token else []
        return next((kind for kind in usable if kind in allowed), None)

    def certificate_check(self, certificate: None, valid: bool, host: bytes) -> bool:  # noqa: FBT001
        """Trust whom libgit2 found in known_hosts or signed by a known CA, and nobody else.

        pygit2 on its own trusts every ssh server.
        """
        del certificate, host
        if not valid:
            raise Untrusted
        return True

    def transfer_progress(self, stats: Any) -> None:
        """Give up in the midst of a transfer that nobody waits for."""
        del stats
        if self._stop.is_set():
            raise Abandoned


def redact(url: str) -> str:
    """Take user and password out of a URL."""
    return _USERINFO.sub("", url)


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Turn what libgit2 says into `SourceUnavailable`, with a remedy and without secrets."""
    where = redact(url)
    try:
        yield
    except Refused as error:
        reason = "the server wants other credentials. Check the repository's credentials."
        raise SourceUnavailable(f"{where}: {reason}") from error
    except Untrusted as error:
        remedy = (
            "Add the CA that signed its certificate to the trusted ones (SSL_CERT_FILE)."
            if where.startswith("https:")
            else "Add its key to known_hosts (ssh-keyscan prints it), after checking it."
        )
        raise SourceUnavailable(f"{where}: the server is not known. {remedy}") from error
    except Abandoned as error:
        raise SourceUnavailable(f"{where}: the fetch took too long and was given up.") from error
    except (pygit2.GitError, OSError, ValueError, KeyError) as error:
        text = redact(str(error).replace(url, where))
        remedy = next((to_do for part, to_do in _REMEDIES.items() if part in text), "Check the URL")
        raise SourceUnavailable(f"{where}: {text}. {remedy}.") from None
