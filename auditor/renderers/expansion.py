"""Shell-like expressions in a text (``${name}``), expanded as Flux expands them after a build.

Flux's language is a dialect of its own: ``${x:+y}`` is a default, lengths count bytes, ``$$`` stands for a
dollar outside expressions only, and what is no expression is an error rather than text
(https://github.com/fluxcd/pkg/tree/envsubst/v1.8.0/envsubst). All of that is kept, because it decides what
lands in the cluster. It refuses to know where values come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from auditor.renderers.expansion_functions import FUNCTIONS, TOLERANT, Function, with_default

MAX_DEPTH: Final = 50
"""So deep expressions may stand in each other's arguments."""
MAX_TEXT: Final = 16 * 2**20
"""So many characters an expanded text may have."""

_MALFORMED: Final = "has a ${…} that is none of Flux's expressions: write $${…} for text"

Lookup = Callable[[str, bool], str]
"""Gives a variable's value; told whether the expression has a word for its absence."""


class ExpansionError(ValueError):
    """A text is no template, or expands to too much; the message quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class _Expression:
    """``${name}``, what is done to its value, and with which arguments."""

    name: str
    operator: str = ""
    arguments: tuple[str | _Expression, ...] = ()


def expand(text: str, lookup: Lookup, *, opaque: str = "") -> str:
    """Expand every expression of a text.

    ``opaque`` is a word for values that nobody knows: what is made of it is nothing but that word again.

    Raises:
        ExpansionError: it is malformed, or the result is too long.

    """
    parts, size = [], 0
    for part in _Parser(text).template():
        parts.append(_evaluate(part, lookup, opaque))
        size += len(parts[-1])
        if size > MAX_TEXT:
            raise ExpansionError(f"it expands to more than {MAX_TEXT:,} characters")
    return "".join(parts)


def _evaluate(part: str | _Expression, lookup: Lookup, opaque: str) -> str:
    if isinstance(part, str):
        return part
    arguments = [_evaluate(each, lookup, opaque) for each in part.arguments]
    value = lookup(part.name, part.operator in TOLERANT)
    function = _function(part)
    known = (value,) if function is with_default else (value, *arguments)
    if opaque and any(opaque in each for each in known):
        return opaque if function is not with_default else value
    return function(value, *arguments)


def _function(expression: _Expression) -> Function:
    operator = expression.operator
    if operator == "#" and not expression.arguments:
        operator = "length"
    return FUNCTIONS.get(operator, with_default)


Accept = Callable[[str, int], bool]
"""Tells whether a character belongs to a token, and is told how many are in it with this one."""


def _is_name(character: str, _: int) -> bool:
    return character.isalpha() or character.isdecimal() or character == "_"


def _all_but(excluded: str) -> Accept:
    return lambda character, _: character not in excluded


def _one_of(*sets: str) -> Accept:
    """Accept one character of each set, in order."""
    return lambda character, count: count <= len(sets) and character in tuple(sets[count - 1])


@dataclass(slots=True)
class _Parser:
    """Reads a template from left to right."""

    text: str
    place: int = 0
    depth: int = 0

    def template(self) -> Iterator[str | _Expression]:
        """Yield texts and expressions in turn."""
        while self.place < len(self.text):
            dollar = self.text.find("$", self.place)
            if dollar != self.place:
                end = dollar if dollar >= 0 else len(self.text)
                yield self.text[self.place : end]
                self.place = end
            elif self._opens():
                yield self._expression()
            else:
                yield "$"
                self.place += 2 if self._peek(1) == "$" else 1

    def _peek(self, ahead: int = 0) -> str:
        place = self.place + ahead
        return self.text[place : place + 1]

    def _opens(self) -> bool:
        return self.text.startswith("${", self.place)

    def _is_escape(self) -> bool:
        return self.text[self.place : self.place + 2] in ("$$", "\\/", "\\\\")

    def _token(self, accept: Accept, *, opens: bool = False, escaped: bool = False) -> str:
        """Read as many characters as are accepted, up to where an expression opens if it may.

        Raises:
            ExpansionError: there is none.

        """
        start, parts, count = self.place, [], 0
        while self.place < len(self.text) and not (opens and self._opens()):
            skip = 1 if escaped and self._is_escape() else 0
            count += 1
            if not skip and not accept(self._peek(), count):
                break
            parts.append(self._peek(skip))
            self.place += 1 + skip
        if self.place == start:
            raise ExpansionError(_MALFORMED)
        return "".join(parts)

    def _expression(self) -> _Expression:
        """Read an expression from its ``${`` to its ``}``."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpansionError(f"expressions stand in each other more than {MAX_DEPTH} deep")
        self.place += 2
        if self._peek() == "#":
            self.place += 1
            found = _Expression(self._token(_is_name), "#")
        else:
            name = self._token(_is_name)
            found = _Expression(name, *self._operation())
        self._close()
        self.depth -= 1
        return found

    def _operation(self) -> tuple[str, tuple[str | _Expression, ...]]:
        """Read what follows the name. Whatever else follows is no closing brace."""
        sign, after = self._peek(), self._peek(1)
        if sign == "=" or sign + after in TOLERANT:
            accept = _one_of("=") if sign == "=" else _one_of(":", "=-?+")
            return self._token(accept), tuple(self._words())
        if sign == ":" and after.isascii():
            return self._token(_one_of(":")), self._slice()
        if sign == "/":
            return self._token(_one_of("/", "/#%")), self._replacement()
        if sign in tuple("#%"):
            return self._token(_one_of(sign, sign)), (self._argument(_all_but("}")),)
        return (self._token(_one_of(",^", ",^")) if sign in tuple(",^") else ""), ()

    def _words(self) -> Iterator[str | _Expression]:
        while self._peek() != "}":
            yield self._argument(_all_but("}"))

    def _slice(self) -> tuple[str | _Expression, ...]:
        start = self._argument(_all_but(":}"))
        if self._peek() == "}":
            return (start,)
        self._token(lambda character, _: character == ":")
        return start, self._argument(_all_but("}"))

    def _replacement(self) -> tuple[str | _Expression, ...]:
        pattern = self._argument(_all_but("/"), escaped=True)
        self._token(lambda character, _: character == "/")
        if self._peek() == "}":
            return (pattern,)
        return pattern, self._argument(_all_but("}"), escaped=True)

    def _argument(self, accept: Accept, *, escaped: bool = False) -> str | _Expression:
        if self._opens():
            return self._expression()
        return self._token(accept, opens=True, escaped=escaped)

    def _close(self) -> None:
        if self._peek() != "}":
            raise ExpansionError(_MALFORMED)
        self.place += 1
