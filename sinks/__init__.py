"""Sinks: each takes announcements to one kind of outside.

The contract, held by ``tests/contracts/sink_contract.py``: `open` connects and says what has already
been delivered; `publish` returns only when the other side has taken the batch; an outage raises
`SinkUnavailable` and loses nothing, a refusal raises `DeliveryRejected` for one announcement; `close`
ends within seconds. Batching, retry, backoff and order belong to the runtime, so no sink has them.
Sinks are strangers to each other.
"""
