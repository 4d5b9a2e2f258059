"""What the Kafka sink can be told, and what it says to mistakes."""

from __future__ import annotations

import ssl
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import PluginError, SinkUnavailable
from auditor.plugins import PluginKind, load_plugin, parse_options
from sinks.kafka import KafkaOptions, KafkaSink


def options(folder: Path | None = None, **given: Any) -> KafkaOptions:
    """As they stand in the configuration."""
    given = {"bootstrap": ["kafka:9092"]} | given
    parsed: KafkaOptions = parse_options(KafkaSink, given, place="options", folder=folder)
    return parsed


def test_the_sink_is_installed_under_its_name() -> None:
    """As the configuration calls it."""
    assert load_plugin(PluginKind.SINK, "kafka") is KafkaSink


def test_brokers_are_enough() -> None:
    """Everything else has a default."""
    given = options()

    assert given.topics.findings == "drift.findings.v1"
    assert given.topics.state == "drift.findings.state.v1"
    assert given.topics.create
    assert given.deadline == timedelta(seconds=30)
    assert given.connection("me")["security_protocol"] == "PLAINTEXT"


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"bootstrap": []}, "bootstrap"),
        ({"bootstrap": ["kafka"]}, 'write host and port, as in "kafka:9092"'),
        ({"topcs": {}}, "topcs.*topics"),
        ({"deadline": 30}, "not a duration"),
        ({"compression": "zip"}, "compression"),
        ({"tls": {"certificate": "me.pem"}}, "certificate and key go together"),
        ({"sasl": {"username": "me", "passwordFrom": "hunter2"}}, "by reference, never inline"),
    ],
)
def test_mistakes_are_named(given: dict[str, Any], complaint: str) -> None:
    """With their place and what would be right."""
    with pytest.raises(PluginError, match=complaint) as caught:
        options(**given)
    assert "hunter2" not in str(caught.value)


def test_a_login_is_looked_up_when_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a rotated password is picked up at the next connection."""
    monkeypatch.setenv("KAFKA_PASSWORD", "hunter2")
    given = options(tls={}, sasl={"username": "auditor", "passwordFrom": "env:KAFKA_PASSWORD"})
    connection = given.connection("me")

    assert connection["security_protocol"] == "SASL_SSL"
    assert connection["sasl_mechanism"] == "SCRAM-SHA-512"
    assert connection["sasl_plain_password"] == "hunter2"
    assert "hunter2" not in repr(given)


def test_a_missing_secret_is_an_outage() -> None:
    """It may be mounted a moment later; the worker goes on auditing."""
    given = options(sasl={"username": "auditor", "passwordFrom": "env:NOT_SET_ANYWHERE"})

    with pytest.raises(SinkUnavailable, match=r"Kafka \(kafka:9092\).*NOT_SET_ANYWHERE"):
        given.connection("me")


def test_certificates_are_read_from_beside_the_configuration(tmp_path: Path) -> None:
    """Relative paths start there."""
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=test -keyout key.pem -out cert.pem"
    )
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    tls = {"ca": "cert.pem", "certificate": "cert.pem", "key": "key.pem"}

    context = options(tmp_path, tls=tls).connection("me")["ssl_context"]

    assert isinstance(context, ssl.SSLContext)
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_a_missing_certificate_is_an_outage(tmp_path: Path) -> None:
    """Named with the brokers that it is for."""
    with pytest.raises(SinkUnavailable, match=r"Kafka \(kafka:9092\)"):
        options(tmp_path, tls={"ca": "missing.pem"}).connection("me")
