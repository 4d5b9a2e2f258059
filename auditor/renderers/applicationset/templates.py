"""Two ways of filling templates: Go's, by a program of our own, and plain ``{{name}}``, here.

A template is filled with one set of parameters and may fail for itself; what that means is for others to
say. A Go template is code of strangers: it is run by a program that can do nothing but write, and is bounded
in time, memory and output. It refuses to know what a template is for.

Facts: https://github.com/argoproj/argo-cd/blob/v3.6.1/applicationset/utils/utils.go (Replace),
https://github.com/valyala/fasttemplate/blob/v1.2.2/template.go.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import msgspec

from auditor.errors import ManifestError
from auditor.renderers.applicationset.parameters import Params, marked
from auditor.renderers.programs import Answer, Bounds, Command, Program, ProgramRunner
from auditor.renderers.workspace import open_workspace

OPENING: Final = "{{"
_CLOSING: Final = "}}"
_IS_TEMPLATED: Final = re.compile(r"\{\{.*\}\}")
_STRICT: Final = "missingkey=error"
_MIB: Final = 2**20

BOUNDS: Final = Bounds(seconds=20, memory=256 * _MIB, output=32 * _MIB)
"""What filling the templates of one set may take."""


class Filled(msgspec.Struct, frozen=True):
    """A filled template, or why it cannot be filled; ``missing``: for want of a parameter."""

    text: str = ""
    error: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Templates that are filled with the same parameters. ``is_strict``: a missing one is an error."""

    params: Params
    texts: Sequence[str]
    is_strict: bool = False


class Templates(Protocol):
    """One way of filling templates."""

    is_nested: bool
    """Whether parameters keep their nesting."""

    async def fill(self, fillings: Sequence[Filling]) -> list[list[Filled]]:
        """Fill all; what is no template comes back as it is.

        Raises:
            ManifestError: nothing can be filled, or a bound is exceeded.

        """


class PlainTemplates:
    """Replaces ``{{name}}`` by the parameter of that name, and leaves what has none."""

    is_nested = False

    async def fill(self, fillings: Sequence[Filling]) -> list[list[Filled]]:
        """Fill all."""
        return [[_filled(text, each.params) for text in each.texts] for each in fillings]


def _filled(text: str, params: Params) -> Filled:
    if not _IS_TEMPLATED.search(text):
        return Filled(text)
    parts = text.split(OPENING)
    out = [parts[0]]
    for place, part in enumerate(parts[1:], start=1):
        tag, closing, rest = part.partition(_CLOSING)
        if not closing:
            return Filled(error=f"{OPENING}{OPENING.join(parts[place:])} has no {_CLOSING}")
        value = params.get(tag.strip()) if tag.strip() else None
        out += [value if isinstance(value, str) else OPENING + tag + _CLOSING, rest]
    return Filled("".join(out))


@dataclass(frozen=True, slots=True, kw_only=True)
class _OwnProgram(Program):
    """A program that comes with the auditor, and is built with Go."""

    def locate(self) -> Path:
        """Find the program beside the interpreter, where `make setup` puts it, or on PATH.

        Raises:
            ManifestError: it is not there; says how to get it.

        """
        beside = Path(sys.executable).parent / self.name
        found = str(beside) if beside.is_file() else shutil.which(self.name)
        if found is None:
            raise ManifestError(
                f"the program {self.name} is needed for goTemplate: true, and is neither beside the "
                "auditor nor on PATH. Build it with make gotemplate (needs Go); the auditor's image has it."
            )
        return Path(found).resolve()


GOTEMPLATE: Final = _OwnProgram(
    name="auditor-gotemplate", website="", version_arguments=("version",)
)


class _Job(msgspec.Struct):
    params: Params
    options: list[str]
    texts: list[str]


class _Results(msgspec.Struct):
    results: list[Filled]


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(_Results)


class GoTemplates:
    """Fills Go templates with sprig's functions; ``options`` are Go's own (``missingkey=error``)."""

    is_nested = True

    def __init__(self, runner: ProgramRunner, options: Sequence[str] = ()) -> None:
        self._runner = runner
        self._options = list(options)

    async def fill(self, fillings: Sequence[Filling]) -> list[list[Filled]]:
        """Fill all in one run of the program; a set without any template needs no run.

        Raises:
            ManifestError: there is no program for it, or a bound is exceeded.

        """
        wanted = [[text for text in each.texts if OPENING in text] for each in fillings]
        asked = [pair for pair in zip(fillings, wanted, strict=True) if pair[1]]
        jobs = [_Job(marked(each.params), self._for(each), texts) for each, texts in asked]
        answers = iter(await self._ask(jobs) if jobs else ())
        return [
            _merged(each.texts, next(answers) if texts else iter(()))
            for each, texts in zip(fillings, wanted, strict=True)
        ]

    def _for(self, filling: Filling) -> list[str]:
        if not filling.is_strict:
            return self._options
        others = [option for option in self._options if not option.startswith("missingkey=")]
        return [*others, _STRICT]

    async def _ask(self, jobs: Sequence[_Job]) -> list[Iterator[Filled]]:
        content = b"\n".join(map(_encoder.encode, jobs))
        async with open_workspace() as workspace:
            command = Command(
                program=GOTEMPLATE.locate(),
                arguments=(),
                folder=workspace.tree,
                home=workspace.home,
                content=content,
            )
            answer = await self._runner.run(command)
        return _answers(answer, len(jobs))


def _answers(answer: Answer, jobs: int) -> list[Iterator[Filled]]:
    """Read what the program says; anything else than an answer for each job is its failure."""
    try:
        answers = [iter(_decoder.decode(line).results) for line in answer.output.splitlines()]
    except msgspec.DecodeError:
        answers = []
    if answer.status or len(answers) != jobs:
        what = answer.complaint.strip().partition("\n")[0] or "it said nothing that can be read"
        raise ManifestError(f"{GOTEMPLATE.name} failed: {what}")
    return answers


def _merged(texts: Sequence[str], filled: Iterator[Filled]) -> list[Filled]:
    """Put what was filled between the texts that are no templates."""
    return [next(filled) if OPENING in text else Filled(text) for text in texts]
