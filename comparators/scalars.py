"""When two spellings mean the same value.

The API server rewrites quantities, times and byte strings, and Git keeps what a person wrote, so equal
values are often spelled differently. Which spelling rule holds comes from the schema, never from the
look of a value: ``"1000m"`` in a ConfigMap is text. This module refuses to guess formats.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from auditor.domain.schema import Format
from comparators.sealed import is_sealed, is_sealed_inside

_QUANTITY: Final = re.compile(
    r"([+-]?(?:\d+\.?\d*|\.\d+))([EPTGMK]i|[numkMGTPE]?|[eE][+-]?\d{1,4})"
)
# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
_SUFFIXES: Final = {
    "": Decimal(1),
    **{unit + "i": Decimal(1024) ** (i + 1) for i, unit in enumerate("KMGTPE")},
    **{unit: Decimal(1000) ** (i + 1) for i, unit in enumerate("kMGTPE")},
    **{unit: Decimal(1000) ** -(i + 1) for i, unit in enumerate("mun")},
}
_DURATION: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
# https://pkg.go.dev/time#ParseDuration
_UNITS: Final = {
    "ns": Decimal("1e-9"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
}


def same(desired: Any, actual: Any, spelling: Format) -> bool:
    """Tell whether two JSON values are equal as values of a format.

    A value that does not have the format is equal only to itself, and a sealed one to anything.
    """
    if desired == actual:
        return isinstance(desired, bool) is isinstance(actual, bool)
    if hides(desired, spelling):
        return True
    read = _READERS.get(spelling)
    if read is None:
        return False
    try:
        return bool(read(desired) == read(actual))
    except (ValueError, InvalidOperation):
        return False


def hides(desired: Any, spelling: Format) -> bool:
    """Tell whether a declared value of a format is one that nobody here may know."""
    return is_sealed(desired) or (spelling is Format.BYTES and is_sealed_inside(desired))


def canonical(value: Any, spelling: Format) -> Any:
    """The value in a form in which equal ones are identical; itself where it lacks the format."""
    read = _READERS.get(spelling)
    try:
        return value if read is None else read(value)
    except (ValueError, InvalidOperation):
        return value


def quantity(value: Any) -> Decimal:
    """Read a resource quantity exactly.

    Raises:
        ValueError: the value is no quantity.

    """
    match = None if isinstance(value, bool) else _QUANTITY.fullmatch(str(value).strip())
    if match is None:
        raise ValueError("not a quantity")
    number, suffix = match.groups()
    if suffix in _SUFFIXES:
        return Decimal(number) * _SUFFIXES[suffix]
    return Decimal(number + suffix)


def duration(value: Any) -> Decimal:
    """Read a Go duration as exact seconds.

    Raises:
        ValueError: the value is no duration.

    """
    text = str(value)
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    parts = _DURATION.findall(rest)
    if rest == "0":
        return Decimal(0)
    if not parts or "".join(number + unit for number, unit in parts) != rest:
        raise ValueError("not a duration")
    return sign * sum((Decimal(number) * _UNITS[unit] for number, unit in parts), Decimal(0))


def moment(value: Any) -> datetime | None:
    """Read a time as Kubernetes writes it (RFC 3339), with its zone; None where there is none."""
    try:
        return _time(value) if value else None
    except ValueError:
        return None


def _bytes(value: Any) -> bytes:
    try:
        return b64decode("".join(str(value).split()), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _time(value: Any) -> datetime:
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_READERS: Final = {
    Format.QUANTITY: quantity,
    Format.BYTES: _bytes,
    Format.TIME: _time,
    Format.DURATION: duration,
}
