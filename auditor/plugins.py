"""Finds comparators, renderers and sinks by the name of their entry point.

What is installed decides what there is: a third party adds one from its own wheel, and nothing here
knows any by name. Entry points are read from installed metadata, so an editable checkout must be
installed again after one was added. It refuses to import what was not asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from auditor.config.problems import problems_of
from auditor.config.words import nearest
from auditor.errors import PluginError

AUTO: Final = "auto"
"""The renderer that is no plugin: look at the files, and take the one that fits."""


class PluginKind(StrEnum):
    """What can be plugged in; the value names the entry-point group ``auditor.<value>``."""

    COMPARATOR = "comparators"
    RENDERER = "renderers"
    SINK = "sinks"

    @property
    def word(self) -> str:
        """One of the kind."""
        return self.value.removesuffix("s")

    @property
    def built_in(self) -> tuple[str, ...]:
        """Words that a configuration may use in place of a plugin's name."""
        return (AUTO,) if self is PluginKind.RENDERER else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One installed plugin: its name, what it refers to, and the distribution that brought it."""

    kind: PluginKind
    name: str
    reference: str
    distribution: str
    version: str


def installed(kind: PluginKind) -> tuple[Plugin, ...]:
    """Every plugin of a kind that is installed, by name."""
    found = (_plugin(kind, entry) for entry in entry_points(group=f"auditor.{kind}"))
    return tuple(sorted(found, key=lambda plugin: plugin.name))


def _plugin(kind: PluginKind, entry: EntryPoint) -> Plugin:
    return Plugin(
        kind=kind,
        name=entry.name,
        reference=entry.value,
        distribution=entry.dist.name if entry.dist else "",
        version=entry.dist.version if entry.dist else "",
    )


def load_plugin(kind: PluginKind, name: str) -> Any:
    """Import the plugin of a name.

    Raises:
        PluginError: none is called so, or importing it fails; the message says what can be done.

    """
    entries = entry_points(group=f"auditor.{kind}")
    for entry in entries:
        if entry.name == name:
            return _imported(kind, entry)
    names = sorted(entry.name for entry in entries)
    hint = nearest(name, [*names, *kind.built_in]) or (
        f" (installed: {', '.join(names) or 'none'}); others come with their own package: "
        "install it beside the auditor, then `auditor plugins` lists it"
    )
    raise PluginError(f"no {kind.word} is called {name!r}{hint}")


def _imported(kind: PluginKind, entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except (ImportError, AttributeError) as error:
        package = entry.dist.name if entry.dist else entry.value
        raise PluginError(
            f"the {kind.word} {entry.name!r} of {package} does not load: {error}; "
            f"install {package} again, with what it needs"
        ) from error


def options_model(plugin: Any) -> type[BaseModel] | None:
    """The model of a plugin's options: its attribute ``Options``; None if it takes none."""
    model = getattr(plugin, "Options", None)
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def parse_options(
    plugin: Any, options: Mapping[str, Any], *, place: str, folder: Path | None = None
) -> Any:
    """Validate options by the plugin's own model; None for a plugin that takes none.

    ``place`` is what messages call the options; relative paths in them start at ``folder``.

    Raises:
        PluginError: the plugin does not take these options; a line for each that is wrong.

    """
    model = options_model(plugin)
    if model is None:
        if options:
            raise PluginError(f"{place}: takes no options; leave them out")
        return None
    try:
        return model.model_validate(options, context={"folder": folder or Path()})
    except ValidationError as error:
        found = problems_of(error, model, options, under=(place,))
        raise PluginError("\n".join(str(problem) for problem in found)) from None
