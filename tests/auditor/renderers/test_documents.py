"""Which objects a file holds, whatever it is written in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.errors import ManifestError
from auditor.renderers.documents import Found, LeftOut, read_objects
from auditor.renderers.yaml_documents import MAX_DEPTH
from tests.builders import config_map, deployment


def read(content: str | bytes, path: str = "a.yaml") -> list[Found | LeftOut]:
    return list(read_objects(content.encode() if isinstance(content, str) else content, path))


def bodies(content: str | bytes, path: str = "a.yaml") -> list[dict[str, Any]]:
    return [part.body for part in read(content, path) if isinstance(part, Found)]


def reasons(content: str) -> list[str]:
    return [part.reason for part in read(content) if isinstance(part, LeftOut)]


NAMED = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {}\n"


class TestDocuments:
    def test_every_document_is_an_object_with_its_line(self) -> None:
        """Empty documents are passed over in silence."""
        text = f"# head\n---\n{NAMED.format('a')}---\n---\n# nothing\n---\n{NAMED.format('b')}...\n"

        assert [
            (part.body["metadata"]["name"], part.line)
            for part in read(text)
            if isinstance(part, Found)
        ] == [
            ("a", 3),
            ("b", 11),
        ]
        assert reasons(text) == []

    def test_an_empty_file_holds_nothing(self) -> None:
        """Nor does one with comments only."""
        assert read("") == read("# nothing\n") == read("---\n---\n") == []

    @pytest.mark.parametrize("name", ["utf-8-sig", "utf-16"])
    def test_a_byte_order_mark_is_no_content(self, name: str) -> None:
        """Editors on Windows write it."""
        assert bodies(NAMED.format("é").encode(name))[0]["metadata"]["name"] == "é"

    def test_what_is_no_text_is_refused_with_its_line(self) -> None:
        """And a remedy."""
        with pytest.raises(ManifestError, match=r"^a\.yaml:2: is not valid UTF-8 text\. Save"):
            read(b"a: 1\nb: \xff\n")


class TestLists:
    def test_a_list_is_taken_apart(self) -> None:
        """Every item with its own line, also in a list within a list."""
        inner = {"apiVersion": "v1", "kind": "List", "items": [config_map("b")]}
        text = json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": [config_map("a"), inner]}, indent=1
        )

        found = [part for part in read(text, "a.json") if isinstance(part, Found)]

        assert [part.body["metadata"]["name"] for part in found] == ["a", "b"]
        assert [text.splitlines()[part.line - 1].strip() for part in found] == ["{", "{"]
        assert found[0].line == 5

    def test_items_of_a_typed_list_may_leave_out_their_type(self) -> None:
        """As in what ``kubectl get -o yaml`` of old printed."""
        text = "apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n"

        assert bodies(text) == [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
        ]

    def test_an_empty_list_holds_nothing(self) -> None:
        """Whether it says so or leaves it out."""
        assert read("apiVersion: v1\nkind: List\nitems: []\n") == []
        assert read("apiVersion: v1\nkind: List\nitems:\n") == []

    def test_a_kind_that_ends_like_a_list_is_none_without_items(self) -> None:
        """Such as an access control list of somebody's."""
        text = "apiVersion: example.com/v1\nkind: AccessList\nmetadata: {name: a}\nspec: {}\n"

        assert bodies(text)[0]["kind"] == "AccessList"


class TestLeftOut:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("- a\n", "not a mapping"),
            ("just text\n", "not a mapping"),
            ("a: 1\n", "no apiVersion and kind"),
            ("apiVersion: v1\nkind: Config\nclusters: []\n", "no metadata.name"),
            ("apiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}\n", "generateName"),
            ("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", "of kustomize"),
            (
                NAMED.format("x") + "  annotations: {config.kubernetes.io/local-config: 'true'}\n",
                "never applied",
            ),
        ],
    )
    def test_what_nobody_applies_is_left_out_with_a_reason(self, text: str, reason: str) -> None:
        """One reason for each document."""
        (given,) = reasons(text)

        assert reason in given

    def test_fluxs_kustomization_is_an_object(self) -> None:
        """It has the same kind in another group."""
        text = (
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n"
        )

        assert len(bodies(text)) == 1

    @pytest.mark.parametrize("name", ["123", "on", "1.5", "{a: b}"])
    def test_a_name_that_is_no_text_is_refused(self, name: str) -> None:
        """The API server would refuse it; the remedy is a pair of quotes."""
        with pytest.raises(
            ManifestError, match=r"^a\.yaml:1: metadata\.name is read as \w+, not as"
        ):
            read(NAMED.format(name))


class TestJson:
    def test_json_is_read_as_json(self) -> None:
        """Also with escapes that YAML does not know, and several documents in a row."""
        text = f"{json.dumps(config_map('a', data={'k': '😀'}))}\n{json.dumps(deployment())}\n"

        assert bodies(text, "a.json") == [config_map("a", data={"k": "😀"}), deployment()]

    def test_json_in_a_yaml_file_is_read_as_json(self) -> None:
        """Kubectl looks at the content, not at the name."""
        assert bodies(json.dumps(config_map(data={"k": "\U0001f600"}))) == [
            config_map(data={"k": "😀"})
        ]

    def test_braces_of_yaml_are_yaml(self) -> None:
        """Flow style begins like JSON."""
        assert (
            bodies("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n")[0]["kind"]
            == "ConfigMap"
        )

    def test_numbers_are_those_of_kubernetes(self) -> None:
        """Integral where they are."""
        numbers = "[1.0, 1.5, 1e3, 18446744073709551615]"
        text = json.dumps(config_map() | {"n": 0}).replace(": 0", f": {numbers}")

        assert repr(bodies(text, "a.json")[0]["n"]) == "[1, 1.5, 1000, 1.8446744073709552e+19]"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('{"a": 1,}', "a.json:1: .*Correct the JSON"),
            ('{\n"a": 1,\n"b": x}', "a.json:3: "),
            ('{}\n{"a": 1, "a": 2}', "a.json:2: .*key 'a' stands twice"),
            ('{"a": NaN}', "a.json:1: .*NaN is no JSON"),
            ('{"a": "\\ud83d"}', "a.json:1: .*half a character"),
            ("{" + '"a": {' * MAX_DEPTH + "}" * (MAX_DEPTH + 1), "a.json:1: .*nest deeper"),
            ('{"a": ' + "[" * 5000 + "]" * 5000 + "}", "a.json:1: .*nest deeper"),
        ],
    )
    def test_a_refusal_names_line_and_remedy(self, text: str, message: str) -> None:
        """As for YAML."""
        with pytest.raises(ManifestError, match=f"^{message}"):
            read(text, "a.json")
