"""What SOPS encrypted is known by its keys, and by nothing else."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import yaml

from auditor.domain.manifest import SEALED
from auditor.renderers.sealing import (
    is_encrypted,
    is_encrypted_file,
    is_exempt,
    seal_object,
    sealed_where_different,
    stand_in,
)
from tests.builders import config_map, secret

ENCRYPTED = "ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]"
SOPS: dict[str, Any] = {
    "age": [{"recipient": "age1example", "enc": "-----BEGIN AGE ENCRYPTED FILE-----\n"}],
    "lastmodified": "2026-01-02T03:04:05Z",
    "mac": ENCRYPTED,
    "encrypted_regex": "^(data|stringData)$",
    "version": "3.9.0",
}
DOTENV = (
    f"#{ENCRYPTED}\nUSER=plain\nPASSWORD={ENCRYPTED}\nsops_version=3.9.0\nsops_mac={ENCRYPTED}\n"
)


class TestObjects:
    def test_encrypted_values_are_sealed_and_metadata_is_dropped(self) -> None:
        """Keys, and values that are not encrypted, stay."""
        body = secret(data={"password": ENCRYPTED, "empty": ""}) | {"sops": SOPS}

        sealed = seal_object(body)

        assert sealed == secret(data={"password": SEALED, "empty": ""})

    def test_values_at_any_depth_are_sealed(self) -> None:
        """Of any kind of object; a number cannot be told from a text."""
        body = {
            **config_map(),
            "spec": {"list": [{"port": ENCRYPTED.replace("str", "int")}, "plain"]},
            "sops": SOPS,
        }

        assert seal_object(body)["spec"] == {"list": [{"port": SEALED}, "plain"]}

    def test_an_entry_of_a_secret_may_be_an_encrypted_file(self) -> None:
        """As a generator makes it; other entries are plain."""
        entry = base64.b64encode(DOTENV.encode()).decode()
        plain = base64.b64encode(b"calm").decode()

        sealed = seal_object(secret(data={"file": entry, "mode": plain, "odd": "no base64!"}))

        assert sealed["data"] == {"file": SEALED, "mode": plain, "odd": "no base64!"}

    def test_a_field_called_sops_is_not_enough(self) -> None:
        """What SOPS wrote has a message authentication code."""
        assert not is_encrypted(config_map() | {"sops": {"age": []}})
        assert is_encrypted(config_map() | {"sops": SOPS})

    def test_nothing_else_is_touched(self) -> None:
        """Text that looks encrypted is text, where SOPS did not write the object."""
        body = config_map(data={"note": ENCRYPTED})

        assert seal_object(body) == body

    def test_an_object_may_ask_to_stay_encrypted(self) -> None:
        """For a controller of its own."""
        body = secret()
        body["metadata"]["annotations"] = {"kustomize.toolkit.fluxcd.io/decrypt": "Disabled"}

        assert is_exempt(body)
        assert not is_exempt(secret())


class TestFiles:
    @pytest.mark.parametrize(
        ("content", "path"),
        [
            (json.dumps({"a": ENCRYPTED, "sops": SOPS}, indent=1), "a.json"),
            (yaml.safe_dump({"a": ENCRYPTED, "sops": SOPS}), "a.yaml"),
            (DOTENV, "a.env"),
            (f"[sops]\nmac={ENCRYPTED}\n", "a.ini"),
        ],
    )
    def test_files_of_sops_are_told_by_their_marks(self, content: str, path: str) -> None:
        """Whatever they are written in."""
        assert is_encrypted_file(content.encode())
        assert not is_encrypted_file(b"password=plain\n")
        assert ENCRYPTED.encode() not in stand_in(content.encode(), path, "word")

    def test_variables_keep_their_names(self) -> None:
        """And those of SOPS itself go."""
        assert stand_in(DOTENV.encode(), "a.env", "word") == b"USER=plain\nPASSWORD=word\n"

    def test_a_patch_stays_a_patch(self) -> None:
        """With a stand-in for what is encrypted."""
        content = yaml.safe_dump({"kind": "Secret", "data": {"p": ENCRYPTED}, "sops": SOPS})

        made = yaml.safe_load(stand_in(content.encode(), "patch.yaml", "word"))

        assert made == {"kind": "Secret", "data": {"p": "word"}}

    def test_anything_else_is_a_word(self) -> None:
        """Nothing is known of it but that it is there."""
        content = json.dumps({"data": ENCRYPTED, "sops": SOPS}, indent=1).encode()

        assert stand_in(content, "id_rsa", "word") == b"word"


def test_what_differs_between_builds_is_sealed() -> None:
    """At any depth, and nothing besides."""
    one = {"name": "a-1", "list": [1, {"x": "same", "y": "1"}], "keys": {"a": 1}}
    other = {"name": "a-2", "list": [1, {"x": "same", "y": "2"}], "keys": {"b": 1}}

    assert sealed_where_different(one, other) == {
        "name": SEALED,
        "list": [1, {"x": "same", "y": SEALED}],
        "keys": SEALED,
    }
