"""What can be configured about Kafka, and how a client connects with it."""

from __future__ import annotations

import ssl
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from auditor.config.secrets import SecretRef
from auditor.config.sections import Duration, LocalPath, Section
from auditor.errors import ConfigError, SinkUnavailable
from auditor.wire import topics


def _host_and_port(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError('write host and port, as in "kafka:9092"')
    return text


class Topics(Section):
    """The topics' names, and how they are created."""

    findings: str = topics.LOG.name
    """Every transition of every finding."""

    state: str = topics.STATE.name
    """The open findings; compacted."""

    dead_letters: str = topics.DEAD_LETTERS.name
    """What could not be published."""

    create: bool = True
    """Whether missing topics are created, as far as the account may."""

    partitions: int = Field(default=topics.LOG.partitions, ge=1)
    """Partitions of the first two, where they are created."""

    replication: int | None = Field(default=None, ge=1)
    """Replicas of each partition. Default: three, or one for each broker if there are fewer."""


class Tls(Section):
    """Encryption, with the system's certificate authorities unless another is named."""

    ca: LocalPath | None = None
    """Certificate authorities to trust, as PEM."""

    certificate: LocalPath | None = None
    """The client's own certificate, as PEM."""

    key: LocalPath | None = None
    """The key of that certificate, as PEM."""


class Sasl(Section):
    """Authentication by name and password."""

    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How the password is proven."""

    username: str
    """The account."""

    password_from: SecretRef
    """Where its password is: env:NAME or file:PATH."""


class KafkaOptions(Section):
    """The Kafka sink."""

    bootstrap: tuple[Annotated[str, AfterValidator(_host_and_port)], ...] = Field(min_length=1)
    """Brokers to begin with, as host:port."""

    topics: Topics = Topics()
    """The topics' names, and how they are created."""

    tls: Tls | None = None
    """Encryption; none without this section."""

    sasl: Sasl | None = None
    """Authentication; none without this section."""

    compression: Literal["none", "gzip", "lz4"] = "lz4"
    """How batches are compressed."""

    linger: Duration = timedelta(0)
    """How long a record waits for company. Announcements come in batches anyway."""

    deadline: Duration = timedelta(seconds=30)
    """How long the brokers may take to acknowledge a batch."""

    max_record: int = Field(default=1_000_000, ge=10_000)
    """Bytes that a record may have; long values are left out of larger ones."""

    @model_validator(mode="after")
    def _complete_certificate(self) -> KafkaOptions:
        if self.tls and bool(self.tls.certificate) != bool(self.tls.key):
            raise ValueError("tls: certificate and key go together; name both or neither")
        return self

    @property
    def servers(self) -> str:
        """The bootstrap brokers, as messages name them."""
        return ", ".join(self.bootstrap)

    def connection(self, client: str) -> dict[str, Any]:
        """The arguments that every aiokafka client takes.

        Raises:
            SinkUnavailable: a secret or a certificate cannot be read now.

        """
        try:
            return {
                "bootstrap_servers": list(self.bootstrap),
                "client_id": client,
                "security_protocol": self._protocol(),
                "ssl_context": self._ssl_context(),
                "request_timeout_ms": round(self.deadline.total_seconds() * 1000),
                **self._login(),
            }
        except (OSError, ConfigError) as error:
            raise SinkUnavailable(f"Kafka ({self.servers}): {error}") from error

    def _protocol(self) -> str:
        security = "SSL" if self.tls else "PLAINTEXT"
        return f"SASL_{security}" if self.sasl else security

    def _ssl_context(self) -> ssl.SSLContext | None:
        if self.tls is None:
            return None
        context = ssl.create_default_context(cafile=self.tls.ca)
        if self.tls.certificate and self.tls.key:
            context.load_cert_chain(self.tls.certificate, self.tls.key)
        return context

    def _login(self) -> dict[str, str]:
        if self.sasl is None:
            return {}
        return {
            "sasl_mechanism": self.sasl.mechanism,
            "sasl_plain_username": self.sasl.username,
            "sasl_plain_password": self.sasl.password_from.resolve(),
        }
