"""Finds files of golden cases and reads them, or tells everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from pydantic import ValidationError

from auditor.config.located import LARGEST, Located, UnreadableDocument, read_documents
from auditor.config.problems import Problem, problems_of
from auditor.config.rules import RuleBook
from auditor.errors import ConfigError
from auditor.golden.cases import Case, SingleCase, Situation

_Model = TypeVar("_Model", Situation, SingleCase)
_SUFFIXES: Final = frozenset({".yaml", ".yml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a case stands; ``line`` is 1-based."""

    file: Path
    line: int

    def __str__(self) -> str:
        """Print ``cases/web.yaml:12``."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenCase:
    """A case with all that it takes from around it. ``base`` and ``rules`` are its situation's."""

    case: Case
    place: Place
    rules: RuleBook
    about: str = ""
    base: dict[str, object] | None = None

    @property
    def name(self) -> str:
        """What it is called: the situation, and the case in it."""
        return f"{self.about}: {self.case.name}" if self.about else self.case.name


def read_cases(paths: Iterable[Path]) -> tuple[GoldenCase, ...]:
    """Read every case of files and folders, in their order.

    Raises:
        ConfigError: a file cannot be read, or there is no case; a line for each problem.

    """
    listed = tuple(paths)
    found, problems = [], []
    for file in _files(listed):
        try:
            found += list(_read(file))
        except ConfigError as error:
            problems.append(str(error))
    if problems:
        raise ConfigError("\n".join(problems))
    if not found:
        names = ", ".join(str(path) for path in listed)
        raise ConfigError(f"{names}: no cases; `auditor schema golden` describes their form")
    return tuple(found)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = (file for file in sorted(path.rglob("*")) if file.is_file())
        yield from (file for file in inside if file.suffix in _SUFFIXES)


def _read(file: Path) -> Iterator[GoldenCase]:
    try:
        documents = read_documents(_text(file))
    except UnreadableDocument as error:
        raise ConfigError(f"{file}:{error.line}: {error}") from error
    for document in documents:
        yield from _cases(document, file)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1).decode()
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{file}:1: not UTF-8 text") from None


def _cases(document: Located, file: Path) -> Iterator[GoldenCase]:
    if not (isinstance(document.value, dict) and "cases" in document.value):
        alone = _validated(SingleCase, document, file)
        line = document.line(("name",))
        yield GoldenCase(case=alone, place=Place(file=file, line=line), rules=alone.rules)
        return
    situation = _validated(Situation, document, file)
    for index, case in enumerate(situation.cases):
        yield GoldenCase(
            case=case,
            place=Place(file=file, line=document.line(("cases", index))),
            about=situation.name,
            base=situation.base,
            rules=situation.rules,
        )


def _validated(model: type[_Model], document: Located, file: Path) -> _Model:
    try:
        return model.model_validate(document.value, by_alias=True, by_name=False)
    except ValidationError as error:
        problems = problems_of(error, model, document.value)
        raise ConfigError(_told(problems, document, file)) from None


def _told(problems: Iterable[Problem], document: Located, file: Path) -> str:
    by_line = sorted(problems, key=lambda problem: document.line(problem.place))
    return "\n".join(f"{file}:{document.line(problem.place)}: {problem}" for problem in by_line)
