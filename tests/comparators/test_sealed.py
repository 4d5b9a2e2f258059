"""Declared values that nobody may know are compared by being there, and shown nowhere."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from auditor.domain.difference import REDACTED, Op
from auditor.domain.manifest import SEALED
from comparators.reasoning import reasons
from tests.builders import config_map, deployment, obj, secret
from tests.comparators.pairs import compared, differences, entry, paired, told, written

KNOWN = "hunter2"
"""What lives where a seal is declared."""
MARK = SEALED.strip("\0")
"""What of a seal is the same however a text is quoted."""
RECORD = "kubectl.kubernetes.io/last-applied-configuration"


def serving(*env: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """A Deployment whose container has these variables."""
    body = deployment(**spec)
    body["spec"]["template"]["spec"]["containers"][0]["env"] = list(env)
    return body


def widget(**spec: Any) -> dict[str, Any]:
    """An object of a kind about which nothing is known."""
    return obj("example.com/v1", "Widget", "one", spec=spec)


def said(desired: dict[str, Any], actual: dict[str, Any]) -> str:
    """Everything that is told of two sides, in one text: findings and explanation."""
    pair = paired(desired, actual)
    return f"{compared(pair)}{list(reasons(pair))}"


class TestBeingThere:
    @pytest.mark.parametrize("text", [SEALED, f"postgres://{SEALED}@db/shop"])
    @pytest.mark.parametrize("living", [KNOWN, "", "0"])
    def test_any_text_is_what_was_declared(self, text: str, living: str) -> None:
        """Wherever in the text the seal is; an empty entry of a map is there."""
        assert told(config_map(data={"url": text}), config_map(data={"url": living})) == []

    def test_a_value_that_is_gone_is_missing(self) -> None:
        """A removed difference, of which the declared side is hidden."""
        (one,) = differences(config_map(data={"url": SEALED, "mode": "calm"}), config_map())

        assert (one.op, one.desired, one.actual) == (Op.REMOVED, REDACTED, None)

    @pytest.mark.parametrize("living", [8080, True, ["a"], {"a": 1}])
    def test_a_variable_may_have_stood_for_anything(self, living: Any) -> None:
        """Substitution works on the text of a manifest, so the value may be no text."""
        assert told(widget(size=SEALED), widget(size=living)) == []

    def test_a_quantity_may_be_sealed(self) -> None:
        """The schema's format does not matter."""
        limits = {"resources": {"limits": {"memory": SEALED}}}
        body, live = deployment(), deployment()
        body["spec"]["template"]["spec"]["containers"][0] |= limits
        live["spec"]["template"]["spec"]["containers"][0] |= {
            "resources": {"limits": {"memory": "1Gi"}}
        }

        assert told(body, live) == []

    def test_the_rest_of_the_object_is_compared(self) -> None:
        """A seal hides one value and no other."""
        desired = serving({"name": "TOKEN", "value": SEALED}, {"name": "MODE", "value": "calm"})
        actual = serving({"name": "TOKEN", "value": KNOWN}, {"name": "MODE", "value": "wild"})
        (one,) = differences(desired, actual)

        assert (one.desired, one.actual) == ("calm", "wild")

    def test_a_default_may_follow_from_what_is_not_known(self) -> None:
        """Without the tag nobody can tell the pull policy; with what lives one can."""
        desired, actual = deployment(image=f"web:{SEALED}"), deployment(image="web:latest")
        actual["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] = "Always"

        assert told(desired, actual) == []


class TestSecrets:
    @pytest.mark.parametrize("field", ["data", "stringData"])
    def test_a_sealed_entry_is_there(self, field: str) -> None:
        """However it is declared, it lives in ``data``."""
        body = secret()
        del body["data"]

        assert told(body | {field: {"password": SEALED}}, secret()) == []

    @pytest.mark.parametrize("field", ["data", "stringData"])
    def test_a_sealed_entry_is_gone(self, field: str) -> None:
        """By its name only."""
        body = secret()
        del body["data"]
        (one,) = differences(body | {field: {"password": SEALED}}, secret(data={"other": "eA=="}))[
            :1
        ]

        assert (str(one.path), one.op, one.desired) == ("data.password", Op.REMOVED, REDACTED)

    def test_generators_encode_what_they_are_given(self) -> None:
        """The seal of a file that a Secret is generated from is inside the base64 text."""
        inside = b64encode(f"key={SEALED}\n".encode()).decode()

        assert told(secret(data={"password": inside}), secret()) == []


class TestItems:
    def test_a_seal_is_no_key(self) -> None:
        """Two items with other values are two items."""
        desired = serving({"name": SEALED, "value": "a"})
        actual = serving({"name": "TOKEN", "value": "b"})

        assert [one.op for one in differences(desired, actual)] == [Op.REMOVED, Op.ADDED]

    def test_an_item_without_a_known_key_may_be_one_that_says_the_same(self) -> None:
        """Only its key is not known, as if the key had been changed."""
        desired = serving({"name": SEALED, "value": "a"})
        actual = serving({"name": "TOKEN", "value": "a"})

        assert told(desired, actual) == []

    def test_a_sealed_member_of_a_set_is_any_in_addition(self) -> None:
        """As many as are sealed, and no more."""
        desired, actual = config_map(), config_map()
        desired["metadata"]["finalizers"] = ["a/b", f"{SEALED}/x"]
        actual["metadata"]["finalizers"] = ["a/b", "c/x", "d/x"]

        assert len(differences(desired, actual)) == 1

    def test_an_entry_with_a_sealed_name_may_be_one_that_says_the_same(self) -> None:
        """A variable may stand in a name too."""
        desired = config_map(data={"mode": "calm", f"{SEALED}.conf": "x"})

        assert told(desired, config_map(data={"mode": "calm", "a.conf": "x"})) == []
        assert len(told(desired, config_map(data={"mode": "calm", "a.conf": "y"}))) == 2


class TestSecrecy:
    @pytest.mark.parametrize(
        ("desired", "actual"),
        [
            ({"list": [SEALED, "b"]}, {"list": ["b", KNOWN, "c"]}),
            ({"list": ["b", SEALED]}, {"list": [KNOWN, "c"]}),
            (
                {"list": [{"name": "a", "pw": "x"}, {"name": "b", "pw": SEALED}]},
                {"list": [{"name": "b", "pw": KNOWN}, {"name": "a", "pw": "x"}]},
            ),
            ({"one": {"pw": SEALED}}, {"one": KNOWN}),
            ({"one": {"pw": SEALED}}, {"one": [KNOWN]}),
            ({"one": {SEALED: "x"}}, {"one": {"a": KNOWN}}),
        ],
        ids=["shifted", "replaced", "swapped", "text", "list", "named"],
    )
    def test_what_may_be_the_secret_is_not_shown(self, desired: Any, actual: Any) -> None:
        """Items move, and then nobody knows which of them was sealed."""
        assert differences(widget(**desired), widget(**actual))
        assert KNOWN not in said(widget(**desired), widget(**actual))
        assert MARK not in said(widget(**desired), widget(**actual))

    def test_what_is_certainly_another_field_is_shown(self) -> None:
        """Items that lost nothing sealed still tell what changed."""
        desired = widget(list=[{"name": "a", "pw": SEALED, "size": 1}])
        (one,) = differences(desired, widget(list=[{"name": "a", "pw": KNOWN, "size": 2}]))

        assert (one.desired, one.actual) == (1, 2)

    def test_a_removed_part_shows_all_but_the_seal(self) -> None:
        """The rest of it is declared for everybody to read."""
        desired = widget(one={"user": "shop", "pw": [f"x{SEALED}"]})
        (one,) = differences(desired, widget())

        assert one.desired == {"user": "shop", "pw": [REDACTED]}

    def test_an_unknown_field_is_named_without_its_value(self) -> None:
        """Neither in the finding about a mistake in Git."""
        desired = serving()
        desired["spec"]["passphrase"] = SEALED

        assert "passphrase" in said(desired, serving())
        assert MARK not in said(desired, serving())

    def test_the_record_of_client_side_apply_repeats_it(self) -> None:
        """So it is hidden where anything of the object is sealed."""
        live = config_map(data={"url": KNOWN})
        live["metadata"]["annotations"] = {RECORD: json.dumps(live)}

        assert KNOWN in said(config_map(), live)
        assert KNOWN not in said(config_map(data={"url": SEALED}), live)


class TestExplaining:
    def test_it_is_said_why_nothing_was_compared(self) -> None:
        """And neither side is shown."""
        desired, actual = config_map(data={"url": SEALED}), config_map(data={"url": KNOWN})
        (one,) = (
            reason for reason in reasons(paired(desired, actual)) if "url" in str(reason.path)
        )

        assert one.because == "declared as a value that is not known here: compared by being there"
        assert (one.expected, one.desired, one.actual) == (True, REDACTED, REDACTED)

    def test_a_key_of_an_item_is_not_shown(self) -> None:
        """A path names items by their keys."""
        live = written(serving(), entry("kubectl", "f:spec"))
        text = said(serving({"name": SEALED, "value": "a"}), live)

        assert "[name=<redacted>]" in text or '[name=\\"<redacted>\\"]' in text
        assert MARK not in text
