"""Who asks at servers, looked up at the moment of use: secrets may change, or come late."""

from __future__ import annotations

from auditor.config.repositories import ChartLogin
from auditor.config.repositories import Credentials as CredentialsChoice
from auditor.domain.remotes import Login
from auditor.errors import ConfigError, SourceUnavailable


def look_up(choice: CredentialsChoice | ChartLogin) -> Login:
    """Look up a user, and a password or token; empty where none is configured.

    Raises:
        SourceUnavailable: one cannot be looked up now.

    """
    try:
        user = choice.username_from.resolve() if choice.username_from else choice.username
        token = choice.token_from.resolve() if choice.token_from else ""
    except ConfigError as error:
        raise SourceUnavailable(str(error)) from error
    return Login(username=user, password=token)
