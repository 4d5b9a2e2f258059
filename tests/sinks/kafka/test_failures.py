"""What a user is told when Kafka does not do what it should."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from aiokafka import errors

from auditor.errors import SinkUnavailable
from sinks.kafka.failures import translated
from tests.sinks.kafka.test_options import options

LOGIN = {"username": "auditor", "passwordFrom": "env:KAFKA_PASSWORD"}


async def told(error: Exception, **given: Any) -> str:
    """The message for an error while connecting."""
    with pytest.raises(SinkUnavailable) as caught:
        async with translated("connecting", options(**given)):
            raise error
    assert caught.value.__cause__ is error
    return str(caught.value)


async def test_brokers_and_deed_are_named() -> None:
    """A message that stands alone in a log must say what it is about."""
    message = await told(errors.KafkaConnectionError("no route"), bootstrap=["a:1", "b:2"])

    assert message.startswith("Kafka (a:1, b:2): connecting failed (KafkaConnectionError")


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ({}, "whether they want TLS or a login"),
        ({"tls": {}}, "the certificate authority (tls.ca)"),
        ({"sasl": LOGIN}, "the account and its password (sasl)"),
    ],
)
async def test_the_advice_fits_the_configuration(given: dict[str, object], advice: str) -> None:
    """Whoever has a login is told to check it, and nobody else."""
    assert advice in await told(errors.KafkaConnectionError(), **given)


async def test_a_deadline_is_named() -> None:
    """With its length."""
    assert "connecting took longer than 2 s" in await told(TimeoutError(), deadline="2s")


@pytest.mark.parametrize(
    "error",
    [
        errors.TopicAuthorizationFailedError("log"),
        errors.ClusterAuthorizationFailedError(),
        errors.SaslAuthenticationFailed(),
    ],
)
async def test_a_refusal_is_no_outage_of_the_network(error: Exception) -> None:
    """The account is what has to be looked at."""
    assert "connecting was refused" in await told(error)


async def test_certificates_are_told_apart_from_bugs() -> None:
    """What the TLS library says is an outage of this sink."""
    assert "CERTIFICATE" in await told(ssl.SSLError("CERTIFICATE_VERIFY_FAILED"))


async def test_bugs_stay_bugs() -> None:
    """They are for the supervisor and its log."""
    with pytest.raises(KeyError):
        async with translated("connecting", options()):
            raise KeyError("x")
