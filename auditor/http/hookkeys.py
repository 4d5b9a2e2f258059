"""Takes the configuration of webhooks apart, for the composition root."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from auditor.config.document import Configuration
from auditor.config.secrets import Reference, resolve_all
from auditor.http.hooks import HookKey, HookSettings


def hook_settings(configuration: Configuration, poke: Callable[[str], None]) -> HookSettings:
    """Collect keys and remotes: a provider's own secret speaks for all repositories, a repository's for it.

    A repository's secret is good for every provider, since its URL does not tell which one it is on.
    """
    remotes = {one.name: one.url for one in configuration.repositories}
    return HookSettings(keys=_keys(configuration), remotes=remotes, poke=poke)


def _keys(configuration: Configuration) -> Mapping[str, tuple[HookKey, ...]]:
    keys: dict[str, tuple[HookKey, ...]] = {}
    for name in type(configuration.http.hooks).model_fields:
        hook = getattr(configuration.http.hooks, name)
        own = (HookKey(secrets=_lookup(hook.secret_from)),) if hook else ()
        of_repositories = () if name == "alertmanager" else tuple(_of_repositories(configuration))
        keys[name] = (*own, *of_repositories)
    return keys


def _of_repositories(configuration: Configuration) -> Iterator[HookKey]:
    for repository in configuration.repositories:
        if repository.webhook:
            yield HookKey(
                secrets=_lookup(repository.webhook.secret_from),
                repositories=frozenset({repository.name}),
            )


def _lookup(references: tuple[Reference, ...]) -> Callable[[], tuple[str, ...]]:
    return partial(resolve_all, references)
