"""Builds what findings leave through: the sinks, their publisher, and the HTTP server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from auditor.app.answers import WorkerAnswers
from auditor.app.seams import Seams
from auditor.config.document import Configuration
from auditor.config.outputs import SinkChoice
from auditor.http.api import Api
from auditor.http.broadcast import Broadcast
from auditor.http.health import Health
from auditor.http.hookkeys import hook_settings
from auditor.http.hooks import Hooks
from auditor.http.server import HttpServer, Part
from auditor.pipeline.courier import Supply
from auditor.pipeline.publisher import Publisher
from auditor.pipeline.supervisor import Supervisor
from auditor.plugins import PluginKind, load_plugin, parse_options
from auditor.ports.delivery import Sink, SinkContext
from auditor.state.ledger import SqliteLedger
from auditor.telemetry.delivery import DeliveryEvents
from auditor.telemetry.http import HttpEvents

ALWAYS = (SinkChoice(name="metrics", type="prometheus"), SinkChoice(name="log", type="log"))
"""Sinks that are there without being configured; configuring one of the type replaces it."""
STREAM = "stream"
"""The name of the sink behind ``/api/v1/events``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What lets findings out."""

    publisher: Publisher
    server: HttpServer


def build_sinks(
    configuration: Configuration, seams: Seams, registry: CollectorRegistry
) -> dict[str, Sink]:
    """Make every configured sink, and those that are always there.

    Raises:
        PluginError: a sink is not installed or does not take its options.

    """
    types = {choice.type for choice in configuration.sinks}
    implied = [choice for choice in ALWAYS if choice.type not in types]
    clusters = tuple(cluster.name for cluster in configuration.clusters)
    sinks = {}
    for place, choice in enumerate([*configuration.sinks, *implied]):
        context = SinkContext(
            name=choice.name,
            registry=registry,
            clock=seams.clock,
            random=seams.jitter,
            clusters=clusters,
        )
        sink = load_plugin(PluginKind.SINK, choice.type)
        options = parse_options(
            sink,
            choice.options,
            place=f"sinks[{place}].options",
            folder=configuration.folder,
        )
        sinks[choice.name] = sink(options, context)
    return sinks


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What outputs are built from."""

    configuration: Configuration
    seams: Seams
    registry: CollectorRegistry
    ledger: SqliteLedger


def build_outputs(
    place: Workplace,
    answers: WorkerAnswers,
    supervisor: Supervisor,
    *,
    poke: Callable[[str], None],
    more: Sequence[tuple[str, Sink]] = (),
) -> Outputs:
    """Connect the sinks to the outbox and the server to the answers; nothing runs yet."""
    http = HttpEvents(place.registry)
    broadcast = Broadcast(http)
    sinks = build_sinks(place.configuration, place.seams, place.registry)
    sinks |= {STREAM: broadcast, **dict(more)}
    parts: list[Part] = [
        Health(answers, place.registry),
        Api(answers, broadcast),
        Hooks(hook_settings(place.configuration, poke), place.seams.clock, http),
    ]
    return Outputs(
        publisher=Publisher(sinks, _supply(place, sinks), supervisor),
        server=HttpServer(parts, broadcast, http),
    )


def _supply(place: Workplace, sinks: dict[str, Sink]) -> Supply:
    events = DeliveryEvents(place.registry, sinks)
    events.outbox_watched(place.ledger.outbox.backlog)
    return Supply(
        outbox=place.ledger.outbox,
        open_findings=place.ledger.open_findings,
        clock=place.seams.clock,
        jitter=place.seams.jitter,
        events=events,
    )
