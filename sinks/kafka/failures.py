"""Kafka's errors in the auditor's words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import errors

from auditor.errors import SinkUnavailable
from sinks.kafka.options import KafkaOptions

_REFUSED = (
    errors.TopicAuthorizationFailedError,
    errors.ClusterAuthorizationFailedError,
    errors.AuthenticationFailedError,
    errors.SaslAuthenticationFailed,
)


@asynccontextmanager
async def translated(doing: str, options: KafkaOptions) -> AsyncIterator[None]:
    """Turn whatever goes wrong with the brokers into SinkUnavailable, with a remedy."""
    try:
        yield
    except TimeoutError as error:
        seconds = options.deadline.total_seconds()
        raise SinkUnavailable(
            f"Kafka ({options.servers}): {doing} took longer than {seconds:g} s; check that the "
            "brokers are up and that enough replicas are in sync"
        ) from error
    except _REFUSED as error:
        raise SinkUnavailable(
            f"Kafka ({options.servers}): {doing} was refused ({_name(error)}); check the account, "
            "its password and its rights on the topics"
        ) from error
    except (errors.KafkaError, OSError) as error:
        raise SinkUnavailable(
            f"Kafka ({options.servers}): {doing} failed ({_name(error)}); {_advice(options)}"
        ) from error


def _advice(options: KafkaOptions) -> str:
    """What to look at: a broker that refuses a certificate or a password merely hangs up."""
    checks = ["the address and that the brokers are up"]
    checks += ["the certificate authority (tls.ca)"] if options.tls else []
    checks += ["the account and its password (sasl)"] if options.sasl else []
    plain = not options.tls and not options.sasl
    checks += ["whether they want TLS or a login"] if plain else []
    return f"check {', '.join(checks)}"


def _name(error: BaseException) -> str:
    """The error's own words; those of Kafka's errors carry no payload."""
    return f"{type(error).__name__}: {error}"[:256]
