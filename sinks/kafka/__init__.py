"""Findings on Kafka: every transition on the log topic, the open findings on a compacted one.

Delivery: every announcement is acknowledged by all in-sync replicas before the next batch, in order per
object, under a deadline. After a crash or an outage the log topic is read back from the stored position,
so that what it has already is not announced again; identifiers are deterministic, for whoever wants to be
sure. An outage costs lateness only. It refuses to publish to topics with a wrong meaning: what it creates,
it creates with the settings of ``auditor.wire.topics``.

Rights: Describe and Write on all topics, Read on the log; Create if it is to create them; DescribeConfigs
lets it respect a topic's own ``max.message.bytes``.

- ``options``   what can be configured
- ``records``   announcements as records: pure
- ``topics``    finding, creating and checking the topics
- ``readback``  what the log topic has already
- ``clients``   connections that only ask
- ``producer``  one connection, from start to end
- ``failures``  Kafka's errors in the auditor's words
- ``sink``      the sink's contract, on top of these
"""

from sinks.kafka.options import KafkaOptions as KafkaOptions
from sinks.kafka.sink import KafkaSink as KafkaSink
