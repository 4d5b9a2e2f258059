"""Where findings are kept, how the parts talk, where findings go, and what is served over HTTP.

It refuses to know any sink: a sink's own options are checked by the sink.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from auditor.config.secrets import SecretRefs
from auditor.config.sections import Duration, LocalPath, Name, Section

# --- store and bus ---------------------------------------------------------------------------------


def _home(variable: str, fallback: str) -> Path:
    """The folder that the XDG base directory specification gives to a variable.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    return Path(os.environ.get(variable) or Path.home() / fallback) / "drift-auditor"


class Store(Section):
    """Where findings, their history and what is yet to be announced are kept."""

    path: LocalPath = Field(
        default_factory=lambda: _home("XDG_STATE_HOME", ".local/state") / "ledger.db"
    )
    """The ledger's file. Default: drift-auditor/ledger.db in the user's state folder."""

    cache: LocalPath = Field(default_factory=lambda: _home("XDG_CACHE_HOME", ".cache"))
    """A folder for what can be fetched again: Git mirrors, API schemas. Default: the user's cache."""

    retention: Duration = timedelta(days=90)
    """How long resolved findings are kept."""


class Bus(Section):
    """How the stages of the worker are joined."""

    type: Literal["memory"] = "memory"
    """`memory`: all stages in one process."""


# --- sinks -----------------------------------------------------------------------------------------


class SinkChoice(Section):
    """One outlet for findings."""

    name: Name
    """What the outlet is called in logs and metrics."""

    type: str
    """Which sink it is; `auditor plugins` lists those installed."""

    options: Mapping[str, Any] = Field(default_factory=dict)
    """The sink's own options."""


class Remediation(Section):
    """What may be done about findings."""

    mode: Literal["observe"] = "observe"
    """`observe`: nothing is changed."""


# --- http ------------------------------------------------------------------------------------------

_LISTEN = re.compile(r"^(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:\[\]]*)):(?P<port>[0-9]{1,5})$")


def _listen(text: str) -> str:
    """Check ``host:port``.

    Raises:
        ValueError: it is not host and port.

    """
    parts = _LISTEN.match(text)
    if not parts or int(parts["port"]) > 65535:  # noqa: PLR2004 - the largest port there is
        raise ValueError('write host and port, as in "0.0.0.0:8080" or "[::1]:8080"')
    if parts["six"]:
        ipaddress.IPv6Address(parts["six"])
    return text


class Hook(Section):
    """A webhook that is taken in. Without this section, the hook is off."""

    secret_from: SecretRefs
    """Where the shared secret is: env:NAME or file:PATH, or two of them while it is rotated."""


class Hooks(Section):
    """Webhooks that are taken in, each with its secret."""

    github: Hook | None = None
    """Push hooks of GitHub, at /hooks/github."""

    gitlab: Hook | None = None
    """Push hooks of GitLab, at /hooks/gitlab."""

    gitea: Hook | None = None
    """Push hooks of Gitea and Forgejo, at /hooks/gitea."""

    alertmanager: Hook | None = None
    """Alerts of Alertmanager, at /hooks/alertmanager; its secret is a bearer token or a password."""


class Http(Section):
    """Health, metrics, the API and webhooks, on one port."""

    listen: Annotated[str, AfterValidator(_listen)] = "127.0.0.1:8080"
    """Host and port. Port 0 takes any free one; an empty host means every address."""

    hooks: Hooks = Hooks()
    """Webhooks that are taken in."""

    @property
    def host(self) -> str:
        """The host to listen on; empty for every address."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port to listen on; 0 for any free one."""
        return int(self.listen.rpartition(":")[2])
