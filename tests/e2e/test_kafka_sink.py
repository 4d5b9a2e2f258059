"""The Kafka sink against a real broker, read by another consumer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from structlog.testing import capture_logs

from auditor.domain.finding import Announcement, State, Transition, TransitionKind
from auditor.errors import DeliveryRejected, SinkUnavailable
from auditor.ports.delivery import Resume, Sink
from auditor.wire.events import FindingEvent
from auditor.wire.finding import decode
from auditor.wire.topics import DEAD_LETTERS, LOG, STATE
from sinks.kafka import KafkaOptions, KafkaSink
from tests.builders import CLUSTER
from tests.contracts.sink_contract import ReadBackContract, announcements, context
from tests.doubles import START
from tests.e2e.kafka_topics import own_topics, read, state
from tests.findings import tracked
from tests.outcomes import finding, image
from tests.stack.kafka_broker import Kafka

pytestmark = pytest.mark.e2e


@pytest.fixture
def options(kafka: Kafka) -> KafkaOptions:
    return own_topics(kafka.bootstrap)


class TestKafka(ReadBackContract):
    """The contract, with topics of its own for every test."""

    @pytest.fixture(autouse=True)
    def _broker(self, options: KafkaOptions) -> None:
        self.options = options

    def make(self) -> Sink:
        return KafkaSink(self.options, context())

    async def arrived(self) -> int:
        bootstrap, topic = self.options.bootstrap[0], self.options.topics.findings
        return len(await asyncio.to_thread(read, bootstrap, topic))


@asynccontextmanager
async def opened(options: KafkaOptions, resume: Resume | None = None) -> AsyncIterator[KafkaSink]:
    """A sink, ready to publish."""
    sink = KafkaSink(options, context())
    try:
        await sink.open(resume or Resume(position=None))
        yield sink
    finally:
        await sink.close()


async def known_after(
    options: KafkaOptions, position: str | None, cluster: str = CLUSTER
) -> frozenset[str]:
    """What a sink says that it delivered after a position."""
    sink = KafkaSink(options, replace(context(), clusters=(cluster,)))
    try:
        return await sink.open(Resume(position=position))
    finally:
        await sink.close()


async def deliver(options: KafkaOptions, *batches: list[Announcement]) -> str | None:
    """Open a sink, publish, close it; return the last position."""
    position = None
    async with opened(options) as sink:
        for batch in batches:
            position = await sink.publish(batch)
    return position


def ended(announcement: Announcement) -> Announcement:
    """The resolution of what was announced."""
    one = replace(
        announcement.transition.tracked, state=State.RESOLVED, resolved_at=START, generation=2
    )
    step = Transition(kind=TransitionKind.RESOLVED, tracked=one, at=START + timedelta(minutes=1))
    return Announcement(sequence=announcement.sequence + 100, transition=step)


async def test_kcat_reads_the_log(options: KafkaOptions) -> None:
    """Structured CloudEvents, keyed by object, with the ids that the ledger knows."""
    batch = announcements(3)
    await deliver(options, batch)

    records = read(options.bootstrap[0], options.topics.findings)

    events = {
        record.key: FindingEvent.model_validate_json(record.value or "") for record in records
    }
    assert events.keys() == {each.transition.tracked.finding.ref.key for each in batch}
    assert {event.id for event in events.values()} == {each.transition.id for each in batch}
    for record in records:
        assert record.headers["content-type"].startswith("application/cloudevents+json")
        assert record.headers["ce_id"] == events[record.key].id


async def test_the_state_topic_holds_what_is_open(options: KafkaOptions) -> None:
    """A finding that ends leaves a tombstone."""
    web, api = announcements(2)
    await deliver(options, [web, api], [ended(web)])
    bootstrap, topic = options.bootstrap[0], options.topics.state

    (still_open,) = state(bootstrap, topic).values()
    tombstones = [record for record in read(bootstrap, topic) if record.value is None]

    assert decode(still_open.value or "") == api.transition.tracked
    assert still_open.headers["ce_specversion"] == "1.0"
    assert [record.key for record in tombstones] == [f"prod/{web.transition.tracked.fingerprint}"]
    assert tombstones[0].headers["ce_type"] == "io.driftauditor.finding.resolved.v1"


async def test_one_objects_transitions_stay_in_order(options: KafkaOptions) -> None:
    """Through one partition, whatever the batches."""
    one = announcements(1)[0]
    steps = [
        replace(one, transition=replace(one.transition, tracked=replace(tracked(), generation=n)))
        for n in range(1, 301)
    ]
    await deliver(options, steps[:100], steps[100:130], steps[130:])

    records = read(options.bootstrap[0], options.topics.findings)
    assert [record.event["data"]["generation"] for record in records] == list(range(1, 301))


async def test_topics_are_created_with_their_settings(options: KafkaOptions) -> None:
    """Compaction and retention are what makes the state topic one."""
    await deliver(options)
    names = options.topics
    expected = {
        names.findings: LOG.settings,
        names.state: STATE.settings,
        names.dead_letters: DEAD_LETTERS.settings,
    }

    admin = AIOKafkaAdminClient(bootstrap_servers=options.bootstrap[0])
    await admin.start()
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in expected]
    (answer,) = await admin.describe_configs(asked)
    await admin.close()

    described = {
        topic: {name: value for name, value, *_ in entries}
        for _, _, _, topic, entries in answer.resources
    }
    for topic, settings in expected.items():
        assert settings.items() <= described[topic].items()


async def test_a_topic_without_findings_gets_those_that_are_open(options: KafkaOptions) -> None:
    """A sink added to an old ledger shows the present, though not the past."""
    async with opened(options, Resume(position=None, open=[tracked("web"), tracked("api")])):
        pass

    assert len(state(options.bootstrap[0], options.topics.state)) == 2
    assert read(options.bootstrap[0], options.topics.findings) == []


async def test_a_crash_between_the_topics_is_healed(options: KafkaOptions) -> None:
    """What the log has and the state topic lacks is written at the next start."""
    position = await deliver(options, [])
    log_only = replace_state(options, "elsewhere-" + options.topics.state)
    batch = announcements(2)
    await deliver(log_only, batch, [ended(batch[0])])
    assert state(options.bootstrap[0], options.topics.state) == {}

    assert len(await known_after(options, position)) == 3
    (healed,) = state(options.bootstrap[0], options.topics.state).values()
    assert decode(healed.value or "") == batch[1].transition.tracked


def replace_state(options: KafkaOptions, topic: str) -> KafkaOptions:
    """The same options with another state topic."""
    topics = options.topics.model_copy(update={"state": topic})
    return options.model_copy(update={"topics": topics})


async def test_others_on_the_same_topic_are_not_ours(options: KafkaOptions) -> None:
    """Two auditors may share topics; each reads back its own clusters only."""
    position = await deliver(options, [])
    await deliver(options, announcements(2))

    assert await known_after(options, position, cluster="staging") == frozenset()


async def test_a_huge_finding_arrives_without_its_values(options: KafkaOptions) -> None:
    """A ConfigMap of two megabytes, say."""
    big = replace(tracked(), finding=finding(differences=(image("x" * 2_000_000),)))
    step = Transition(kind=TransitionKind.OPENED, tracked=big, at=START)
    await deliver(options, [Announcement(sequence=1, transition=step)])

    (record,) = read(options.bootstrap[0], options.topics.findings)
    assert record.event["data"]["differences"][0]["actual"] == "<2000002 bytes are left out here>"


async def test_what_a_topic_will_not_take_is_refused(options: KafkaOptions) -> None:
    """The topic's own limit counts; the refused one can be buried, the others go on."""
    await deliver(options)
    await set_limit(options, 1_000)
    (one,) = announcements(1)

    async with opened(options) as sink:
        with pytest.raises(DeliveryRejected, match="more than the 1000") as caught:
            await sink.publish([one])
        await sink.bury(one, str(caught.value))

    (letter,) = read(options.bootstrap[0], options.topics.dead_letters)
    assert letter.headers["dlq_topic"] == options.topics.findings
    assert "1000" in letter.headers["dlq_reason"]


async def test_a_limit_that_was_lowered_meanwhile_counts(kafka: Kafka) -> None:
    """The broker refuses; the largest is blamed, and after it the rest is taken."""
    options = own_topics(kafka.bootstrap, compression="none")
    small, large = announcements(2)
    big = replace(tracked("web-2"), finding=finding("web-2", differences=(image("x" * 4000),)))
    large = replace(large, transition=replace(large.transition, tracked=big))
    async with opened(options) as sink:
        await set_limit(options, 3_000)
        with pytest.raises(DeliveryRejected, match=r"max\.message\.bytes") as caught:
            await sink.publish([small, large])
        await sink.open(Resume(position=None))
        await sink.publish([small])

    assert caught.value.announcement_id == large.transition.id
    published = {
        record.event["id"] for record in read(options.bootstrap[0], options.topics.findings)
    }
    assert published == {small.transition.id}


async def test_a_state_topic_that_is_not_compacted_is_complained_of(options: KafkaOptions) -> None:
    """Its findings would vanish with the retention; it is not ours to change."""
    plain = replace_state(options, options.topics.dead_letters)
    await deliver(options)

    with capture_logs() as lines:
        await deliver(plain)

    (complaint,) = [line for line in lines if line["event"] == "topic_not_compacted"]
    assert complaint["topic"] == plain.topics.state


async def set_limit(options: KafkaOptions, size: int) -> None:
    """Let an administrator lower the size of the log's records, and wait until the broker knows."""
    admin = AIOKafkaAdminClient(bootstrap_servers=options.bootstrap[0])
    await admin.start()
    topic, limit = options.topics.findings, {"max.message.bytes": str(size)}
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, limit)])
    async with asyncio.timeout(20):
        while await _settings(admin, topic, "max.message.bytes") != limit:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await admin.close()


async def _settings(admin: AIOKafkaAdminClient, topic: str, name: str) -> dict[str, str]:
    """What the broker takes a topic's setting for: it learns of changes a moment after they are made."""
    asked = ConfigResource(ConfigResourceType.TOPIC, topic, {name: None})
    (answer,) = await admin.describe_configs([asked])
    return {found: value for *_, entries in answer.resources for found, value, *_ in entries}


async def test_a_missing_topic_is_named_with_its_remedy(kafka: Kafka) -> None:
    """Where creating is switched off, the message is the command."""
    options = own_topics(kafka.bootstrap, topics={"create": False})

    with pytest.raises(
        SinkUnavailable, match=r"there is no topic log-\w+, .*create is off; .*kafka-topics\.sh"
    ):
        await deliver(options)


async def test_too_many_replicas_are_named(kafka: Kafka) -> None:
    """One broker cannot hold three."""
    options = own_topics(kafka.bootstrap, topics={"replication": 3})

    with pytest.raises(SinkUnavailable, match="there are fewer brokers than replicas"):
        await deliver(options)


async def test_an_unreachable_broker_is_named_with_its_remedy() -> None:
    """Nobody listens on port 1."""
    options = own_topics("127.0.0.1:1")

    with pytest.raises(SinkUnavailable, match=r"Kafka \(127\.0\.0\.1:1\): connecting .*check"):
        await deliver(options)
