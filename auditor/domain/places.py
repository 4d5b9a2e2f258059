"""Places in an object as GitOps tools write them: RFC 6901 pointers, and a safe part of jq's paths.

Of jq (https://jqlang.org/manual/) only what names places is read: fields, indexes, ``[]``, and ``select``
with one plain condition. Such a place depends on the object, so it is followed through it. Nothing is
executed; whatever else jq can say is refused when it is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_STRING: Final = r'"(?:[^"\\]|\\.)*"'
_INSIDE: Final = rf'(?:[^()"]|{_STRING}|\((?:[^()"]|{_STRING})*\))*'
_TOKEN: Final = re.compile(
    rf"""(?:
      (?:\|\s*)?(?:
          \.(?P<field>[A-Za-z_][A-Za-z0-9_]*)
        | \.(?P<named>{_STRING})
        | \.?\[\s*(?P<quoted>{_STRING})\s*\]
        | \.?\[\s*(?P<index>[0-9]+)\s*\]
        | (?P<each>\.?\[\s*\])
      )\??
    | \|\s*select\((?P<condition>{_INSIDE})\)
    )\s*""",
    re.VERBOSE,
)
_CONDITION: Final = re.compile(
    rf"""(?P<path>(?:\.[A-Za-z_][A-Za-z0-9_]*|\.?\[?{_STRING}\]?)+)\s*(?:
      ==\s*(?P<literal>{_STRING}|-?[0-9]+|true|false)
    | \|\s*(?P<function>test|startswith|endswith)\(\s*(?P<text>{_STRING})\s*\)
    )""",
    re.VERBOSE,
)
_FIELD: Final = re.compile(rf"\.(?P<field>[A-Za-z_][A-Za-z0-9_]*)|(?P<quoted>{_STRING})")
_REPEATS: Final = re.compile(r"(?<!\\)[*+{]")
_UNSAFE: Final = re.compile(r"\)[*+{]|\\[0-9]|\(\?|[*+}][*+{]")
_MOST_REPEATS: Final = 2
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Each:
    """Any item of a list, any value of a map."""


@dataclass(frozen=True, slots=True)
class Where:
    """Goes on only where a field of the present value fits: a test by name, and what it is held against.

    Conditions are values, so that what an owner says can be compared with what it said before.
    """

    path: tuple[str, ...]
    test: str
    against: Any

    def holds(self, value: Any) -> bool:
        """Tell whether the condition is met."""
        for name in self.path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return _TESTS[self.test](value, self.against)


Step = str | Each | Where


@dataclass(frozen=True, slots=True)
class Places:
    """A way down from the root of an object; all that lies at or below its end is meant."""

    steps: tuple[Step, ...]

    def cover(self, pointer: str, body: Any) -> bool:
        """Tell whether an RFC 6901 pointer into ``body`` leads to or below such a place."""
        tokens = iter(_tokens(pointer))
        current = body
        for step in self.steps:
            if isinstance(step, Where):
                if not step.holds(current):
                    return False
                continue
            token = next(tokens, None)
            if token is None or (not isinstance(step, Each) and step != token):
                return False
            current = _below(current, token)
        return True


def parse_pointer(text: str) -> Places:
    """Read an RFC 6901 pointer (https://www.rfc-editor.org/rfc/rfc6901).

    Raises:
        ValueError: it is none.

    """
    if text and not text.startswith("/"):
        raise ValueError(f"{text!r} is not a JSON pointer: it must begin with /")
    return Places(tuple(_tokens(text)))


def parse_jq(text: str) -> Places:
    """Read a jq path.

    Raises:
        ValueError: it is none, or says more than where something is.

    """
    steps: list[Step] = []
    place, text = 0, text.strip()
    if not text:
        raise ValueError("an empty jq path names nothing")
    while place < len(text) and text != ".":
        token = _TOKEN.match(text, place)
        if token is None or token.end() == place:
            raise ValueError(f"cannot follow {text!r} from {text[place:]!r} on")
        steps.append(_step(token))
        place = token.end()
    return Places(tuple(steps))


def parse_expression(text: str) -> re.Pattern[str]:
    """Compile a regular expression of somebody else, if it is sure to be matched in short time.

    Raises:
        ValueError: it is none, or could take long.

    """
    risky = len(text) > _LONGEST or len(_REPEATS.findall(text)) > _MOST_REPEATS
    if risky or _UNSAFE.search(text):
        raise ValueError(f"the regular expression {text[:_LONGEST]!r} is not a simple one")
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}") from error


def _step(token: re.Match[str]) -> Step:
    if token["field"] is not None:
        return token["field"]
    quoted = token["quoted"] or token["named"]
    if quoted is not None:
        return str(json.loads(quoted))
    if token["index"] is not None:
        return str(int(token["index"]))
    return Each() if token["each"] is not None else _where(token["condition"])


def _where(text: str) -> Where:
    found = _CONDITION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"cannot tell what select({text}) selects")
    parts = _FIELD.finditer(found["path"])
    path = tuple(part["field"] or str(json.loads(part["quoted"])) for part in parts)
    if found["literal"] is not None:
        return Where(path, "==", json.loads(found["literal"]))
    text = json.loads(found["text"])
    test = found["function"]
    return Where(path, test, parse_expression(text) if test == "test" else text)


_TESTS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": lambda value, literal: type(value) is type(literal) and bool(value == literal),
    "test": lambda value, pattern: isinstance(value, str) and bool(pattern.search(value)),
    "startswith": lambda value, text: isinstance(value, str) and value.startswith(text),
    "endswith": lambda value, text: isinstance(value, str) and value.endswith(text),
}


def _tokens(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _below(current: Any, token: str) -> Any:
    if isinstance(current, Mapping):
        return current.get(token)
    if isinstance(current, list) and token.isdecimal() and int(token) < len(current):
        return current[int(token)]
    return None
