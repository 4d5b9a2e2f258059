"""The double that other tests use keeps the contract, too."""

from __future__ import annotations

import pytest

from auditor.ports.delivery import Sink
from tests.contracts.sink_contract import ReadBackContract
from tests.doubles_delivery import MemorySink


class TestMemory(ReadBackContract):
    """The contract."""

    @pytest.fixture(autouse=True)
    def outside(self) -> None:
        self.sink = MemorySink()

    def make(self) -> Sink:
        return self.sink

    async def arrived(self) -> int:
        return len(self.sink.taken)
