"""Whether the worker lives, whether it is ready, and its metrics.

Live means that the event loop answers. Ready means that its verdicts can be trusted to be complete: every
declared kind listed, Git rendered, the ledger loaded. It refuses to decide any of that itself.
"""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from auditor.http.answers import Answers
from auditor.http.replies import reply


class Health:
    """Handlers of ``/livez``, ``/readyz`` and ``/metrics``."""

    def __init__(self, answers: Answers, registry: CollectorRegistry) -> None:
        self._answers = answers
        self._registry = registry

    def routes(self) -> list[web.RouteDef]:
        """Where the handlers are."""
        return [
            web.get("/livez", self.livez),
            web.get("/readyz", self.readyz),
            web.get("/metrics", self.metrics),
        ]

    async def livez(self, _request: web.Request) -> web.Response:
        """Answer at all."""
        return reply({"live": True})

    async def readyz(self, _request: web.Request) -> web.Response:
        """Show every condition; 503 until all are met."""
        conditions = self._answers.conditions()
        ready = all(condition.met for condition in conditions)
        shown = [{"name": one.name, "met": one.met, "reason": one.reason} for one in conditions]
        return reply({"ready": ready, "conditions": shown}, status=200 if ready else 503)

    async def metrics(self, request: web.Request) -> web.Response:
        """Show the metrics, as OpenMetrics where the scraper asks for it."""
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        response = web.Response(body=encode(self._registry), headers={"Content-Type": content_type})
        response.enable_compression()
        return response
