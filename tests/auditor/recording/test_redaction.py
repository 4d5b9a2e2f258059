"""No value of a Secret enters a recording, and comparing finds what it would have found."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.recording.redactor import Redactor
from tests.builders import config_map, secret

PASSWORD = "correct-horse-battery"
ENCODED = base64.b64encode(PASSWORD.encode()).decode()
SECRETS = "/api/v1/namespaces/shop/secrets"
CONFIG_MAPS = "/api/v1/configmaps"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def planted(**rest: Any) -> dict[str, Any]:
    """A living Secret with its password in every place where one was ever seen."""
    body = secret(data={"password": ENCODED})
    declared = secret(data={"password": ENCODED}) | {"stringData": {"password": PASSWORD}}
    body["metadata"] |= {
        "annotations": {LAST_APPLIED: json.dumps(declared), "note": f"was {PASSWORD} before"},
        "labels": {"hint": PASSWORD},
        "managedFields": [
            {"manager": "kubectl", "fieldsV1": {"f:data": {"f:password": {}}}},
            {"manager": "odd", "fieldsV1": {f'k:{{"key":"{PASSWORD}"}}': {}, f'v:"{ENCODED}"': {}}},
        ],
    }
    return body | rest


def is_clean(text: bytes | str) -> bool:
    """Tell whether neither the password nor a telling part of it, in any spelling, is in a text."""
    raw = text.encode() if isinstance(text, str) else text
    spellings = (PASSWORD, ENCODED, PASSWORD[:8], ENCODED[:12], PASSWORD.encode().hex())
    return not any(spelling.encode() in raw for spelling in spellings)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (f"{SECRETS}/login", planted()),
        (SECRETS, {"kind": "SecretList", "apiVersion": "v1", "items": [planted()]}),
        (SECRETS, {"kind": "List", "apiVersion": "v1", "metadata": {}, "items": [planted()]}),
        (SECRETS, {"type": "MODIFIED", "object": planted()}),
        (SECRETS, {"items": [planted(kind="PartialObjectMetadata", apiVersion="meta.k8s.io/v1")]}),
        ("/anything", {"kind": "List", "apiVersion": "v1", "items": [planted()]}),
        ("/apis/x/v1/objects", {"kind": "Object", "spec": {"forProvider": {"m": planted()}}}),
        (CONFIG_MAPS, config_map(data={"secret.json": json.dumps(planted())})),
        (CONFIG_MAPS, config_map(data={"secret.yaml": yaml.safe_dump(planted())})),
        (CONFIG_MAPS, config_map(data={"broken": "kind: Secret\n a: [" + PASSWORD})),
    ],
)
def test_an_answer_with_a_secret_is_clean(path: str, answer: dict[str, Any]) -> None:
    """Wherever a Secret stands in what an API answers, its values do not."""
    redacted = Redactor().answer(path, json.dumps(answer).encode())

    assert is_clean(redacted.body)
    assert json.loads(redacted.body)


def test_everything_else_of_a_secret_stays() -> None:
    """Names, fields and writers are what findings are made of."""
    redacted = Redactor().answer(SECRETS, json.dumps(planted()).encode())

    body = json.loads(redacted.body)
    assert body["metadata"]["name"] == "login"
    assert body["data"].keys() == {"password"}
    fields = body["metadata"]["managedFields"][0]["fieldsV1"]
    assert fields == {"f:data": {"f:password": {}}}


def test_an_answer_without_secrets_is_not_touched() -> None:
    """Byte for byte, even where the word occurs."""
    body = b'{ "kind": "ConfigMap", "data": {"kind": "Secret garden"}, "n": 1.0 }'

    assert Redactor().answer(CONFIG_MAPS, body).body == body


def test_lines_of_a_stream_are_clean() -> None:
    """Each line by itself; a line that cannot be read is left out."""
    lines = [json.dumps({"type": "ADDED", "object": planted()}).encode(), b'{"cut": "' + b"x" * 9]

    redacted = Redactor().lines(SECRETS, b"\n".join(lines) + b"\n")

    assert is_clean(redacted)
    assert [json.loads(line)["type"] for line in redacted.splitlines()] == ["ADDED"]


def test_an_unreadable_answer_about_secrets_is_withheld() -> None:
    """What cannot be searched is not let through."""
    redacted = Redactor().answer(SECRETS, f'{{"data": "{PASSWORD}'.encode())

    assert (redacted.body, redacted.withheld) == (b"", "is no JSON")


FILE = f"""\
# the password is {PASSWORD}
apiVersion: v1
kind: Secret
metadata:
  name: login  # {PASSWORD}
  labels: {{on: yes, port: "80"}}
data:
  password: |
    {ENCODED[:10]}
    {ENCODED[10:]}
stringData:
  plain: {PASSWORD}
  folded: >-
    {PASSWORD}
---
apiVersion: v1
kind: ConfigMap  # stays
metadata: {{name: settings}}
--- # {PASSWORD}
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {{name: other}}
  - {{apiVersion: v1, kind: Secret, metadata: {{name: second}}, stringData: {{a: {PASSWORD}}}}}
  - apiVersion: v1
    kind: ConfigMap
    metadata: {{name: last}}
"""


def test_a_file_with_secrets_is_clean() -> None:
    """Values, comments, block scalars and flow mappings alike."""
    assert is_clean(Redactor().file(FILE.encode()).body)


def test_objects_stay_on_their_lines() -> None:
    """A finding names file and line, and a replayed finding the same line."""
    again = Redactor().file(FILE.encode()).body.decode()

    assert _lines_of_mappings(again) == _lines_of_mappings(FILE)
    assert "kind: ConfigMap  # stays" in again.splitlines()[16]


def _lines_of_mappings(text: str) -> list[int]:
    nodes = [node for node in yaml.compose_all(text) if isinstance(node, yaml.MappingNode)]
    items = [value for key, value in nodes[-1].value if key.value == "items"]
    return [node.start_mark.line for node in (*nodes, *items[0].value)]


def test_unquoted_words_keep_their_spelling() -> None:
    """What ``yes`` means is for the reader, so it must not become a text."""
    again = Redactor().file(FILE.encode()).body.decode()

    assert '{on: yes, port: "80"}' in again


def test_a_file_without_secrets_is_not_touched() -> None:
    """Comments and spelling included."""
    text = "# about web\napiVersion: v1\nkind: Service\nmetadata: {name:   web}\n---\n"

    assert Redactor().file(text.encode()).body.decode() == text


def test_json_stays_json() -> None:
    """Files ending in .json are read by a stricter reader."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [planted()]}, indent=2)

    redacted = Redactor().file(text.encode())

    assert is_clean(redacted.body)
    assert json.loads(redacted.body)["items"][0]["metadata"]["name"] == "login"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "is no YAML"),
        ("a: {{ .Values.password }}", "has a key that is no text"),
        ("kind: Secret\nkind: Secret", "has a key that stands twice"),
        ("a: &a [x, x]\nb: &b [*a, *a]\n" * 1, "has a key that stands twice"),
    ],
)
def test_a_file_that_cannot_be_read_is_withheld(text: str, reason: str) -> None:
    """The reason quotes nothing of it."""
    redacted = Redactor().file(f"{text}\n{text}\n".encode())

    assert redacted.body == b""
    assert redacted.withheld in {reason, "is no YAML"}


def test_a_file_that_blows_up_is_withheld() -> None:
    """Aliases that expand without end are not followed."""
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 9))

    assert (
        Redactor().file(f"l0: &l0 [x]\n{levels}".encode()).withheld == "expands to too many values"
    )


def test_what_is_no_object_is_left_out() -> None:
    """Values files and the like hold passwords that no kind gives away."""
    assert is_clean(Redactor().file(f"database:\n  password: {PASSWORD}\n".encode()).body)


def test_literals_of_kustomize_are_hidden() -> None:
    """A generator of Secrets holds their values in place."""
    text = f"""
        apiVersion: kustomize.config.k8s.io/v1beta1
        kind: Kustomization
        secretGenerator: [{{name: login, literals: ["password={PASSWORD}"]}}]
        """

    body = Redactor().file(text.encode()).body

    assert is_clean(body)
    assert b"password=redacted-" in body


@given(value=st.binary(max_size=50))
def test_both_sides_of_one_value_still_match(value: bytes) -> None:
    """``data`` in the cluster is the base64 of ``stringData`` in Git, before and after."""
    redactor = Redactor()
    encoded = base64.b64encode(value).decode()
    declared = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\ndata: {{a: '{encoded}'}}\n"
    living = {"kind": "Secret", "apiVersion": "v1", "metadata": {}, "data": {"a": encoded}}

    desired = yaml.safe_load(redactor.file(declared.encode()).body)["data"]["a"]
    actual = json.loads(redactor.answer(SECRETS, json.dumps(living).encode()).body)["data"]["a"]

    assert desired == actual


@given(value=st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=30))
def test_plain_and_encoded_values_still_match(value: str) -> None:
    """A value declared as text is found again in the cluster's base64."""
    redactor = Redactor()
    text = json.dumps({"apiVersion": "v1", "kind": "Secret", "stringData": {"a": value}})
    encoded = base64.b64encode(value.encode()).decode()
    living = {"kind": "Secret", "apiVersion": "v1", "metadata": {}, "data": {"a": encoded}}

    plain = json.loads(redactor.file(text.encode()).body)["stringData"]["a"]
    actual = json.loads(redactor.answer(SECRETS, json.dumps(living).encode()).body)["data"]["a"]

    assert base64.b64encode(plain.encode()).decode() == actual


def test_different_values_stay_different() -> None:
    """A changed password is still a finding."""
    redactor = Redactor()
    bodies = [json.dumps(secret(data={"a": value})).encode() for value in ("YQ==", "Yg==")]

    first, second = (json.loads(redactor.answer(SECRETS, body).body)["data"] for body in bodies)

    assert first != second


def test_tokens_of_two_recordings_have_nothing_in_common() -> None:
    """The key is drawn anew, so nobody can compare recordings or try guesses."""
    body = json.dumps(secret()).encode()

    assert Redactor().answer(SECRETS, body).body != Redactor().answer(SECRETS, body).body


def test_tokens_do_not_show_the_length() -> None:
    """A long value looks like a short one."""
    bodies = [json.dumps(secret(data={"a": value})).encode() for value in ("", "YWFh" * 100)]

    short, long = (len(Redactor().answer(SECRETS, body).body) for body in bodies)

    assert short == long
