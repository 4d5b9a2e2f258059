"""What a YAML scalar means to Kubernetes.

Manifests reach a cluster through sigs.k8s.io/yaml: YAML 1.1 as go-yaml v2 resolves it, made JSON by
encoding/json, whose numbers apimachinery reads as int64 where they fit and as float64 elsewhere. PyYAML
agrees with none of the three, so the rules stand here. It refuses to know about mappings and lists.

Facts: https://github.com/yaml/go-yaml/blob/v2.4.2/resolve.go, https://pkg.go.dev/strconv#ParseInt,
https://github.com/kubernetes-sigs/yaml/blob/v1.6.0/yaml.go (keys).
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from decimal import Decimal
from typing import Final

Scalar = str | int | float | bool | None

_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True
    ),
    **dict.fromkeys(
        ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False
    ),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER: Final = re.compile(
    r"([-+]?)(?:0[bB]([01]+)|0[oO]([0-7]+)|0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]*))"
)
_BASES: Final = (2, 8, 16, 8, 10)
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DOTTED: Final = re.compile(r"\.[0-9](_?[0-9])*([eE][-+]?[0-9](_?[0-9])*)?")
_INT64: Final = range(-(2**63), 2**63)
_UINT64: Final = range(2**64)
_FLOAT32_END: Final = 3.4028235e38
_PREFIX: Final = "tag:yaml.org,2002:"
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
    "null": (type(None),),
}


def resolve_plain(text: str) -> Scalar:
    """Give an unquoted scalar its value: ``yes`` is true, ``010`` is 8, ``1e3`` is 1000.0."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "+-0123456789":
        return _number(text.replace("_", ""), otherwise=text)
    if _DOTTED.fullmatch(text):
        return _finite(float(text), otherwise=text)
    return text


def resolve_tagged(text: str, tag: str) -> Scalar:
    """Give a scalar with an explicit tag its value; a tag that go-yaml does not know says text.

    Raises:
        ValueError: the text is not what its tag says.

    """
    kind = tag.removeprefix(_PREFIX)
    if kind == "binary":
        return _decode_binary(text)
    if kind not in _TYPES or kind == tag:
        return text
    value = resolve_plain(text)
    if type(value) not in _TYPES[kind]:
        raise ValueError(f"a value is tagged !!{kind} and is none")
    return value


def json_value(value: Scalar) -> Scalar:
    """Read a value as apimachinery does after its way through JSON: ``1.0`` is the integer 1.

    Raises:
        ValueError: JSON has no such number.

    """
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("JSON has no infinity and no NaN: quote the value")
        return _whole(value) if value.is_integer() else value
    if isinstance(value, int) and value not in _INT64:
        return float(value)
    return value


def _whole(value: float) -> int | float:
    """Take the digits that Go prints (the shortest, filled up with zeros), where they fit an int64."""
    digits = int(Decimal(repr(value)))
    return digits if digits in _INT64 else value


def key_text(key: object) -> str:
    """Spell the key of a mapping as text: ``true`` for ``yes``, ``80`` for ``80``.

    Raises:
        ValueError: the key cannot be the key of a JSON object.

    """
    match key:
        case str():
            return key
        case bool():
            return "true" if key else "false"
        case int() if key in _INT64:
            return str(key)
        case float() if abs(key) < _FLOAT32_END:
            return _shortest_float32(key)
    if isinstance(key, dict | list):
        raise ValueError(  # noqa: TRY004 - the value of the file is wrong, not a type of ours
            "a key is a mapping or a list: quote it; if this is a template ({{ … }}), render it with helm"
        )
    raise ValueError("a key must be text: quote it")


def _number(plain: str, *, otherwise: str) -> int | float | str:
    found = _INTEGER.fullmatch(plain)
    if found:
        value = _integer(found)
        if value in _INT64 or (value in _UINT64 and not found[1]):
            return value
    if _FLOAT.fullmatch(plain):
        return _finite(float(plain), otherwise=otherwise)
    return otherwise


def _integer(found: re.Match[str]) -> int:
    digits = found.groups()[1:]
    (value,) = (
        int(found[1] + text, radix)
        for text, radix in zip(digits, _BASES, strict=True)
        if text is not None
    )
    return value


def _finite(value: float, *, otherwise: str) -> float | str:
    return value if math.isfinite(value) else otherwise


def _decode_binary(text: str) -> str:
    try:
        raw = base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True)
    except binascii.Error as error:
        raise ValueError("a value is tagged !!binary and is not base64") from error
    return raw.decode("utf-8", "replace")


def _shortest_float32(value: float) -> str:
    """Spell a number like Go's ``FormatFloat(value, 'g', -1, 32)``."""
    single = _to_float32(value)
    digits = next(n for n in range(1, 10) if _to_float32(float(f"{single:.{n - 1}e}")) == single)
    mantissa, _, exponent = f"{single:.{digits - 1}e}".partition("e")
    power = int(exponent)
    if -4 <= power < 6:  # noqa: PLR2004 - the bounds of %g where precision is the shortest possible
        return f"{float(mantissa + 'e' + exponent):.{max(digits - 1 - power, 0)}f}"
    return f"{mantissa}e{exponent[0]}{abs(power):02d}"


def _to_float32(value: float) -> float:
    (single,) = struct.unpack("f", struct.pack("f", value))
    return float(single)
