"""Finds the topics, creates what is missing, and learns how large their records may be.

It never changes a topic that exists: that is somebody's decision. It asks for the list of topics rather
than for a topic by name, because the latter makes some brokers create it, with the wrong settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidReplicationFactorError,
    KafkaError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from auditor.errors import SinkUnavailable
from auditor.wire import topics as wire
from sinks.kafka.options import KafkaOptions

_log = structlog.get_logger("auditor.sinks.kafka")
_REPLICAS: Final = 3
_LARGEST: Final = "max.message.bytes"
_POLICY: Final = "cleanup.policy"
_REASONS: Final = {
    TopicAuthorizationFailedError: "the account may neither see it nor create it",
    ClusterAuthorizationFailedError: "the account may neither see it nor create it",
    InvalidReplicationFactorError: "there are fewer brokers than replicas (topics.replication)",
}


async def prepare(admin: AIOKafkaAdminClient, options: KafkaOptions) -> int:
    """See that all topics are there; return how many bytes a record may have on every one.

    Raises:
        SinkUnavailable: one is missing and may not be created; says how to.
        KafkaError: the brokers do not answer.

    """
    there = set(await admin.list_topics())
    missing = [topic for topic in _topics(options) if topic.name not in there]
    if missing:
        await _create(admin, missing, options)
    settings = await _settings(admin, options) if not missing else {}
    if "compact" not in settings.get((options.topics.state, _POLICY), "compact"):
        _log.warning(
            "topic_not_compacted",
            topic=options.topics.state,
            remedy="set cleanup.policy=compact, or open findings vanish with the retention",
        )
    limits = (int(value) for (_, name), value in settings.items() if name == _LARGEST)
    return min((*limits, options.max_record))


def _topics(options: KafkaOptions) -> Iterator[wire.Topic]:
    names = options.topics
    count = names.partitions
    yield _named(wire.LOG, names.findings, count)
    yield _named(wire.STATE, names.state, count)
    yield _named(wire.DEAD_LETTERS, names.dead_letters, wire.DEAD_LETTERS.partitions)


def _named(topic: wire.Topic, name: str, partitions: int) -> wire.Topic:
    return wire.Topic(
        name=name,
        title=topic.title,
        key=topic.key,
        partitions=partitions,
        settings=topic.settings,
    )


async def _create(
    admin: AIOKafkaAdminClient, missing: Iterable[wire.Topic], options: KafkaOptions
) -> None:
    if not options.topics.create:
        raise SinkUnavailable(_remedy(next(iter(missing)), options, "topics.create is off"))
    replicas = await _replicas(admin, options)
    wanted = {topic.name: topic for topic in missing}
    answer = await admin.create_topics([_new(topic, replicas) for topic in wanted.values()])
    for name, code, *_ in sorted(
        answer.topic_errors, key=lambda error: list(wanted).index(error[0])
    ):
        error = for_code(code)
        if error is TopicAlreadyExistsError:
            continue
        if code:
            raise SinkUnavailable(
                _remedy(wanted[name], options, _REASONS.get(error, error.__name__))
            )
        _log.info("topic_created", topic=name, replicas=replicas)


async def _replicas(admin: AIOKafkaAdminClient, options: KafkaOptions) -> int:
    if options.topics.replication is not None:
        return options.topics.replication
    brokers = (await admin.describe_cluster())["brokers"]
    return min(_REPLICAS, max(1, len(brokers)))


def _new(topic: wire.Topic, replicas: int) -> NewTopic:
    in_sync = {"min.insync.replicas": str(max(1, replicas - 1))}
    return NewTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=replicas,
        topic_configs={**topic.settings, **in_sync},
    )


def _remedy(topic: wire.Topic, options: KafkaOptions, why: str) -> str:
    settings = " ".join(f"--config {name}={value}" for name, value in topic.settings.items())
    return (
        f"Kafka ({options.servers}): there is no topic {topic.name}, and none was made: {why}; "
        "create it: "
        f"kafka-topics.sh --bootstrap-server {options.bootstrap[0]} --create --topic {topic.name} "
        f"--partitions {topic.partitions} {settings}"
    )


async def _settings(
    admin: AIOKafkaAdminClient, options: KafkaOptions
) -> dict[tuple[str, str], str]:
    """The topics' settings, as far as the account may see them."""
    names = (options.topics.findings, options.topics.state)
    wanted = {_LARGEST: None, _POLICY: None}
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, wanted) for name in names]
    try:
        answers = await admin.describe_configs(asked)
    except KafkaError:
        return {}
    return dict(_pairs(answers))


def _pairs(answers: Iterable[Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for answer in answers:
        for _code, _message, _type, topic, entries in answer.resources:
            for name, value, *_ in entries:
                yield (topic, name), value
