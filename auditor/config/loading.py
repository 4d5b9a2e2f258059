"""From a file to a configuration, or to everything that is wrong with it.

Two steps: the document by its own models, then the options of sinks and renderers by the models that
these bring along. Both report together, each problem with file and line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from auditor.config.document import Configuration
from auditor.config.located import LARGEST, Located, Place, UnreadableDocument, read_document
from auditor.config.premises import missing_premises
from auditor.config.problems import Problem, problems_of
from auditor.errors import ConfigError, PluginError
from auditor.plugins import PluginKind, load_plugin, options_model


def load(path: Path) -> Configuration:
    """Read a configuration file.

    Raises:
        ConfigError: the file cannot be read, or anything in it is wrong; a line for each problem.

    """
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}; name the configuration with -c FILE"
        ) from error
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"{path}:1: not UTF-8 text") from None
    return parse(text, name=str(path), folder=path.absolute().parent)


def parse(text: str, *, name: str, folder: Path) -> Configuration:
    """Read a configuration from its text; ``name`` is what errors call it.

    Raises:
        ConfigError: anything in it is wrong; a line for each problem, in the order of the document.

    """
    try:
        document = read_document(text)
    except UnreadableDocument as error:
        raise ConfigError(f"{name}:{error.line}: {error}") from error
    configuration, problems = _validate(document, folder)
    if configuration is None or problems:
        raise ConfigError(_told(problems, document, name))
    return configuration


def _validate(document: Located, folder: Path) -> tuple[Configuration | None, list[Problem]]:
    context = {"folder": folder}
    problems: list[Problem] = []
    configuration = None
    try:
        configuration = Configuration.model_validate(
            document.value, context=context, by_alias=True, by_name=False
        )
    except ValidationError as error:
        problems += problems_of(error, Configuration, document.value)
    for choice in _choices(document.value):
        problems += _option_problems(choice, context)
    if configuration is not None:
        problems += missing_premises(configuration)
    return configuration, problems


def _told(problems: Iterable[Problem], document: Located, name: str) -> str:
    """One line for each problem, in the order of the document."""
    by_line = sorted(problems, key=lambda problem: document.line(problem.place))
    return "\n".join(f"{name}:{document.line(problem.place)}: {problem}" for problem in by_line)


# --- plugins ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Choice:
    """A plugin that the document names, and the options that it gives it."""

    kind: PluginKind
    name: str
    place: Place
    word: str
    """The field that names the plugin."""
    options: Any


def _choices(document: Any) -> Iterator[_Choice]:
    """Find them in the raw document, so that they are checked even where the rest is wrong."""
    for kind, section, word in (
        (PluginKind.SINK, "sinks", "type"),
        (PluginKind.RENDERER, "desired", "renderer"),
    ):
        listed = document.get(section) if isinstance(document, Mapping) else None
        for index, item in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(item, Mapping) and isinstance(item.get(word), str):
                options = item.get("options") or {}
                yield _Choice(kind, item[word], (section, index), word, options)


def _option_problems(choice: _Choice, context: Mapping[str, Any]) -> list[Problem]:
    if choice.name in choice.kind.built_in:
        return []
    try:
        model = options_model(load_plugin(choice.kind, choice.name))
    except PluginError as error:
        return [Problem((*choice.place, choice.word), str(error))]
    place = (*choice.place, "options")
    if model is None:
        unknown = "takes no options; leave them out"
        return [Problem(place, f"{choice.name} {unknown}")] if choice.options else []
    try:
        model.model_validate(choice.options, context=dict(context))
    except ValidationError as error:
        return problems_of(error, model, choice.options, under=place)
    return []
