"""Variables are substituted in the text of an object, as Flux does it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from auditor.domain.manifest import SEALED
from auditor.errors import ManifestError
from auditor.renderers.substitution import SUBSTITUTE, Variables, substitute
from auditor.renderers.yaml_documents import read_yaml
from auditor.renderers.yaml_text import write_yaml
from tests.auditor.renderers.vectors import read_vectors
from tests.builders import config_map, secret

VECTORS = read_vectors("substitution_vectors.jsonl")
"""What sigs.k8s.io/yaml v1.6.0 and github.com/fluxcd/pkg/envsubst v1.8.0 make of an object's data."""

characters = st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\ufeff")
texts = st.text(characters, max_size=20) | st.sampled_from(["5", "yes", "null", "1e3", "~", "a: b"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)


def settings(**data: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": data}


def data_of(body: dict[str, Any], **variables: str) -> Any:
    return substitute(body, Variables(values=variables)).body["data"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['data']} {v['variables']}"[:80])
def test_substitutes_as_flux_does(vector: dict[str, Any]) -> None:
    """Values turn into numbers, lists and fields where Flux's do, and break the object where they do."""
    body = settings(**vector["data"])
    if "result" in vector:
        found = data_of(body, **vector["variables"])
        assert json.dumps(found, sort_keys=True) == json.dumps(vector["result"], sort_keys=True)
    else:
        with pytest.raises(ManifestError):
            data_of(body, **vector["variables"])


@given(st.dictionaries(texts, json_values, max_size=4))
def test_what_is_written_reads_back_the_same(data: dict[str, Any]) -> None:
    """Whatever an object holds survives being written as YAML."""
    assume("\ufffe" not in str(data) and "\uffff" not in str(data))
    body = settings(**data)

    (document,) = read_yaml(write_yaml(body), "x")

    assert document.value == body


@given(st.dictionaries(texts.map(lambda t: t.replace("$", "")), texts, max_size=4))
def test_an_object_without_expressions_is_untouched(data: dict[str, str]) -> None:
    """Substitution changes nothing that has no dollar."""
    body = settings(**{key: value.replace("$", "") for key, value in data.items()})

    assert substitute(body, Variables(values={"A": "x"})).body is body


@given(st.from_regex(r"[a-z][a-z0-9-]{0,10}[a-z]", fullmatch=True), texts)
def test_words_take_the_place_of_their_variables(word: str, around: str) -> None:
    """A value that YAML takes for text anywhere lands as it is, wherever it stands."""
    assume(word not in {"null", "true", "false", "yes", "no", "on", "off"})
    around = around.replace("$", "").replace("\r", "")
    assume(all(c.isprintable() or c in "\n\t" for c in around))

    found = data_of(settings(k=f"{around}${{A}}"), A=word)

    assert found == {"k": f"{around}{word}"}


class TestNames:
    def test_line_breaks_are_taken_out_of_values(self) -> None:
        """As Flux does, so that no value adds a line."""
        assert data_of(settings(k="${A}"), A="one\ntwo\n") == {"k": "onetwo"}

    def test_a_variable_that_is_not_set_is_empty_and_named(self) -> None:
        """Unless the expression has a default."""
        result = substitute(settings(k="a${B}", d="${C:=c}"), Variables(values={"A": "x"}))

        assert result.body["data"] == {"k": "a", "d": "c"}
        assert result.unset == {"B"}

    def test_null_where_nothing_is_left(self) -> None:
        """An expression alone that becomes empty leaves no text, as in YAML."""
        assert data_of(settings(k="${B}"), A="x") == {"k": None}

    @pytest.mark.parametrize("name", ["1A", "A-B", "", "Ä", "A B"])
    def test_names_that_flux_refuses_are_refused(self, name: str) -> None:
        """They would fail the whole Kustomization."""
        with pytest.raises(ManifestError, match="no variable's name"):
            Variables(values={name: "x"}).check()

    @pytest.mark.parametrize("field", ["labels", "annotations"])
    def test_an_object_may_be_exempt(self, field: str) -> None:
        """By label or annotation."""
        body = settings(k="${A}")
        body["metadata"][field] = {SUBSTITUTE: "disabled"}

        assert data_of(body, A="x") == {"k": "${A}"}


class TestSealing:
    def test_a_sealed_variable_seals_its_part_of_a_text(self) -> None:
        """The rest of the text stays."""
        variables = Variables(values={"A": "x"}, sealed=frozenset({"S"}))

        body = substitute(settings(k="https://${S}/${A}", alone="${S}"), variables).body

        assert body["data"] == {"k": f"https://{SEALED}/x", "alone": SEALED}

    def test_a_sealed_name_overrules_a_value(self) -> None:
        """What nobody may know is not known from elsewhere."""
        variables = Variables(values={"S": "x"}, sealed=frozenset({"S"}))

        assert substitute(settings(k="${S}"), variables).body["data"] == {"k": SEALED}

    def test_all_others_may_be_sealed(self) -> None:
        """Where some source of variables cannot be looked at, nothing that is unset is empty."""
        variables = Variables(values={"A": "x"}, seals_others=True)

        result = substitute(settings(k="${A} ${B} ${C:=c}"), variables)

        assert result.body["data"] == {"k": f"x {SEALED} {SEALED}"}
        assert result.unset == frozenset()

    def test_what_was_sealed_before_stays_sealed(self) -> None:
        """A decrypted object may have variables too."""
        body = settings(k=SEALED, other="${A}")

        assert data_of(body, A="x") == {"k": SEALED, "other": "x"}


class TestRefusals:
    def test_names_the_field_that_is_no_template(self) -> None:
        """A shell script in a ConfigMap, for one."""
        body = config_map(data={"run.sh": 'echo "${list[@]}"'})

        with pytest.raises(ManifestError) as caught:
            substitute(body, Variables(values={"A": "x"}))

        assert str(caught.value).startswith("data.run.sh has a ${…} that is none of Flux's")

    def test_says_what_became_of_the_object(self) -> None:
        """A value with a colon is two fields; with a quote, a broken text."""
        with pytest.raises(ManifestError, match="after its variables are substituted"):
            data_of(settings(k="${A}"), A="a: b: c")

    def test_an_object_must_keep_its_name(self) -> None:
        """A name that becomes empty is none."""
        body = settings(k="x")
        body["metadata"]["name"] = "${B}"

        with pytest.raises(ManifestError, match=r"it has no metadata\.name"):
            data_of(body, A="x")

    def test_quotes_nothing_of_a_secret(self) -> None:
        """Neither its text nor the values that landed in it."""
        for text, value in (("hunter2${", "x"), ("${A}", "'hunter2")):
            with pytest.raises(ManifestError) as caught:
                substitute(secret(data={"p": text}), Variables(values={"A": value}))
            assert "hunter2" not in str(caught.value)
