"""The event stream is a sink like any other."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from auditor.http.broadcast import Broadcast
from auditor.ports.delivery import Sink
from auditor.telemetry.http import HttpEvents
from tests.contracts.sink_contract import SinkContract


class TestBroadcast(SinkContract):
    """What arrived is what a client hears that comes back and has seen nothing."""

    @pytest.fixture(autouse=True)
    def _outside(self) -> None:
        self._broadcast = Broadcast(HttpEvents(CollectorRegistry()))

    def make(self) -> Sink:
        return self._broadcast

    async def arrived(self) -> int:
        with self._broadcast.listen(0) as listener:
            return (await listener.frames()).count(b"id: ")
