"""A reflector keeps the state of a kind like the cluster's, whatever the cluster does meanwhile."""

from __future__ import annotations

import pytest

from auditor.domain.pair import Doubt
from auditor.errors import SourceUnavailable
from tests.auditor.sources.kubernetes.rig import STALE_AFTER, TARGET, eventually, rig, running
from tests.builders import CLUSTER, deployment, ref
from tests.doubles_kubernetes import (
    HANG,
    bookmark,
    error_event,
    event,
    expired,
    page,
    refused,
)

WEB = event("ADDED", deployment("web"), "3")
API = event("ADDED", deployment("api"), "2")
LISTED = bookmark("5", ends_list=True)


async def test_streamed_list_fills_the_state() -> None:
    """What the server sends first is the list; with its end, the kind is certain and all is named."""
    parts, api, _ = rig()
    api.script(TARGET.path, [WEB + API, LISTED, HANG])

    async with running(parts.reflector().run):
        await api.idle()

    assert parts.names() == {"web", "api"}
    assert parts.doubt() is None
    assert set(parts.noticed) == {ref(name="web"), ref(name="api")}


async def test_nothing_is_named_before_the_list_ends() -> None:
    """Half a list proves nothing, so nothing is looked at for it."""
    parts, api, _ = rig()
    api.script(TARGET.path, [WEB, HANG])

    async with running(parts.reflector().run):
        await api.idle()

    assert parts.noticed == []
    assert parts.doubt() is Doubt.NOT_SYNCED


async def test_declared_objects_are_named_with_the_list() -> None:
    """Objects that are declared and do not live are looked at too: now their absence is a fact."""
    parts, api, _ = rig()
    parts.declared = [ref(name="missing"), ref("Service", group="")]
    api.script(TARGET.path, [LISTED, HANG])

    async with running(parts.reflector().run):
        await api.idle()

    assert parts.noticed == [ref(name="missing")]


async def test_changes_are_named_as_they_come() -> None:
    """After the list, each change is held and named; what is no change is not."""
    parts, api, _ = rig()
    changed = event("MODIFIED", deployment("web", image="web:1.5"), "7")
    api.script(
        TARGET.path, [WEB + API + LISTED, changed, event("DELETED", deployment("api"), "8"), HANG]
    )

    async with running(parts.reflector().run):
        await api.idle()

    manifest = parts.actual.manifest(ref())
    assert parts.names() == {"web"}
    assert manifest is not None
    assert manifest.body["spec"]["template"]["spec"]["containers"][0]["image"] == "web:1.5"
    assert parts.noticed[2:] == [ref(name="web"), ref(name="api")]


async def test_stream_that_ends_goes_on_where_it_was() -> None:
    """The next watch begins at the version of the last event, and nothing is listed."""
    parts, api, clock = rig()
    api.script(TARGET.path, [WEB + LISTED, event("MODIFIED", deployment("web"), "9")], [HANG])

    async with running(parts.reflector().run):
        await clock.asleep()
        clock.advance(5)
        await api.idle()

    assert api.asked[1][1]["resourceVersion"] == "9"
    assert "sendInitialEvents" not in api.asked[1][1]


async def test_bookmarks_move_the_position() -> None:
    """A quiet kind goes on from its last bookmark, not from its last change."""
    parts, api, clock = rig()
    api.script(TARGET.path, [WEB + LISTED, bookmark("900")], [HANG])

    async with running(parts.reflector().run):
        await clock.asleep()
        clock.advance(5)
        await api.idle()

    assert api.asked[1][1]["resourceVersion"] == "900"


async def test_versions_within_a_list_are_no_positions() -> None:
    """A streamed list that breaks off is begun anew: its objects come in no order."""
    parts, api, clock = rig()
    api.script(TARGET.path, [WEB, SourceUnavailable("reset")], [WEB + API + LISTED, HANG])

    async with running(parts.reflector().run):
        await clock.asleep()
        clock.advance(5)
        await api.idle()

    assert "resourceVersion" not in api.asked[1][1]
    assert parts.names() == {"web", "api"}


@pytest.mark.parametrize("gone", [expired(), [error_event(410)]], ids=["status", "event"])
async def test_expired_position_is_listed_anew(gone: list[bytes] | Exception) -> None:
    """410, as a status or in the stream, twice in a row: listed again, and what vanished is named."""
    parts, api, clock = rig()
    api.script(TARGET.path, [WEB + API + LISTED], gone, gone, [WEB + LISTED, HANG])

    async with running(parts.reflector().run):
        for _ in range(3):
            await clock.asleep()
            assert parts.names() == {"web", "api"}
            clock.advance(60)
        await api.idle()

    assert parts.names() == {"web"}
    assert parts.noticed[-1] == ref(name="api")
    assert "sendInitialEvents" in api.asked[-1][1]


@pytest.mark.parametrize("status", [400, 422])
async def test_server_that_does_not_stream_lists(status: int) -> None:
    """It is asked in pages, at once, and the others of its cluster do not try again."""
    parts, api, _ = rig()
    api.script(TARGET.path, refused(status), page(deployment("web"), version="10"), [HANG])

    async with running(parts.reflector().run):
        await api.idle()

    assert parts.names() == {"web"}
    assert api.asked[1][1] == {"limit": "500"}
    assert api.asked[2][1]["resourceVersion"] == "10"
    assert parts.link.lists.streamed is False


async def test_pages_are_followed() -> None:
    """A list in pages is whole only after the last, and objects are told their kind."""
    parts, api, _ = rig()
    parts.link.lists.streamed = False
    api.script(
        TARGET.path,
        page(deployment("web"), token="next"),
        page(deployment("api"), version="10"),
        [HANG],
    )

    async with running(parts.reflector().run):
        await api.idle()

    manifest = parts.actual.manifest(ref(name="api"))
    assert api.asked[1][1] == {"limit": "500", "continue": "next"}
    assert parts.names() == {"web", "api"}
    assert manifest is not None
    assert manifest.body["kind"] == "Deployment"


async def test_list_that_expires_midway_begins_anew() -> None:
    """What only the abandoned list had is not kept: it may have been deleted since."""
    parts, api, _ = rig()
    parts.link.lists.streamed = False
    api.script(
        TARGET.path,
        page(deployment("old"), token="next"),
        expired(),
        page(deployment("web")),
        [HANG],
    )

    async with running(parts.reflector().run):
        await api.idle()

    assert parts.names() == {"web"}


async def test_forbidden_kind_is_doubted_and_asked_slowly() -> None:
    """403: the kind is in doubt and no absence; once it is allowed, it is known."""
    parts, api, clock = rig()
    parts.declared = [ref()]
    api.script(TARGET.path, refused(403), [WEB + LISTED, HANG])

    async with running(parts.reflector().run):
        await clock.asleep()
        assert parts.doubt() is Doubt.FORBIDDEN
        assert parts.noticed == [ref()]
        assert clock.naps[-1] > 45
        clock.advance(100)
        await api.idle()

    assert parts.doubt() is None


async def test_kind_that_vanishes_is_doubted() -> None:
    """404, when a CustomResourceDefinition was deleted: the kind is absent, its objects are no finding."""
    parts, api, clock = rig()
    api.script(TARGET.path, [WEB + LISTED], refused(404))

    async with running(parts.reflector().run):
        await clock.asleep()
        clock.advance(5)
        await eventually(lambda: parts.doubt() is Doubt.KIND_ABSENT)

    assert parts.noticed[-1] == ref()


async def test_server_that_is_busy_is_left_alone() -> None:
    """429 with Retry-After: not sooner than asked, and the position is kept."""
    parts, api, clock = rig()
    api.script(TARGET.path, [WEB + LISTED], refused(429, retry_after=20), [HANG])

    async with running(parts.reflector().run):
        await clock.asleep()
        clock.advance(5)
        await eventually(lambda: len(clock.naps) == 2)
        clock.advance(30)
        await api.idle()

    assert clock.naps[1] >= 20
    assert api.asked[-1][1]["resourceVersion"] == "5"


async def test_server_that_cannot_say_is_listed_anew() -> None:
    """A refused position (504, "too large resource version", after a restored backup) is given up."""
    parts, api, clock = rig()
    api.script(TARGET.path, [WEB + LISTED], refused(504), [LISTED, HANG])

    async with running(parts.reflector().run):
        await clock.asleep()
        clock.advance(5)
        await eventually(lambda: len(clock.naps) == 2)
        clock.advance(30)
        await api.idle()

    assert parts.names() == set()
    assert parts.noticed[-1] == ref()


async def test_half_open_connection_is_noticed() -> None:
    """70 s without a byte end the stream; it goes on where it was, and nothing was in doubt."""
    parts, api, clock = rig()
    api.script(TARGET.path, [WEB + LISTED, HANG], [HANG])

    async with running(parts.reflector().run):
        await api.idle()
        clock.advance(69)
        parts.link.transport.look()
        assert len(api.asked) == 1
        clock.advance(2)
        parts.link.transport.look()
        await clock.asleep()
        clock.advance(5)
        await eventually(lambda: len(api.asked) == 2)

    assert api.asked[1][1]["resourceVersion"] == "5"
    assert parts.doubt() is None
    assert parts.metric("auditor_watch_restarts_total", cluster=CLUSTER, reason="silent") == 1


async def test_outage_makes_the_state_stale() -> None:
    """Out of reach for too long, nothing is certain any more, and everything is looked at for it."""
    parts, api, clock = rig()
    api.script(TARGET.path, [WEB + LISTED, SourceUnavailable("reset")])
    reflector = parts.reflector()

    async with running(reflector.run):
        await clock.asleep()
        parts.noticed.clear()
        clock.advance(STALE_AFTER - 1)
        reflector.review()
        assert parts.doubt() is None
        clock.advance(2)
        reflector.review()

    assert parts.doubt() is Doubt.STALE
    assert parts.noticed == [ref()]
    assert parts.actual.manifest(ref()) is not None


async def test_stream_that_opens_again_is_certainty() -> None:
    """After an outage the watch goes on; the server took the position, so nothing was missed."""
    parts, api, clock = rig()
    api.script(TARGET.path, [WEB + LISTED, SourceUnavailable("reset")], [HANG])
    reflector = parts.reflector()

    async with running(reflector.run):
        await clock.asleep()
        clock.advance(STALE_AFTER + 1)
        reflector.review()
        await api.idle()
        clock.advance(2)
        reflector.review()

    assert parts.doubt() is None
    assert parts.noticed[-1] == ref()


async def test_deletion_while_stale_is_named_afterwards() -> None:
    """What vanishes while nothing is certain is looked at once it is."""
    parts, api, clock = rig()
    deleted = event("DELETED", deployment("web"), "9")
    api.script(TARGET.path, [WEB + LISTED, SourceUnavailable("reset")], [deleted, HANG])
    reflector = parts.reflector()

    async with running(reflector.run):
        await clock.asleep()
        clock.advance(STALE_AFTER + 1)
        reflector.review()
        await api.idle()
        parts.noticed.clear()
        clock.advance(2)
        reflector.review()

    assert parts.noticed == [ref()]


async def test_quiet_open_stream_stays_certain() -> None:
    """A kind in which nothing happens is certain for as long as its stream is open."""
    parts, api, clock = rig()
    api.script(TARGET.path, [LISTED, HANG])
    reflector = parts.reflector()

    async with running(reflector.run):
        await api.idle()
        clock.advance(STALE_AFTER + 5)
        reflector.review()

    assert parts.doubt() is None


async def test_line_that_cannot_be_read_is_listed_over() -> None:
    """Garbage in the stream: what it was nobody knows, so the kind is listed, in pages."""
    parts, api, clock = rig()
    api.script(TARGET.path, [WEB + LISTED, b'{"type":"MOD\n'], page(deployment("web")), [HANG])

    async with running(parts.reflector().run):
        await clock.asleep()
        clock.advance(5)
        await api.idle()

    assert api.asked[1][1] == {"limit": "500"}
    assert parts.metric("auditor_watch_restarts_total", cluster=CLUSTER, reason="unreadable") == 1


async def test_events_before_garbage_are_named() -> None:
    """What came whole before it counts."""
    parts, api, clock = rig()
    changed = event("MODIFIED", deployment("web"), "7")
    api.script(TARGET.path, [WEB + LISTED, changed + b"garbage\n"])

    async with running(parts.reflector().run):
        await clock.asleep()

    assert parts.noticed[-1] == ref()


async def test_streamed_list_without_end_is_listed_in_pages() -> None:
    """A server that ends the stream before the list did cannot stream lists, whatever it says."""
    parts, api, clock = rig()
    api.script(TARGET.path, [WEB], page(deployment("web"), deployment("api")), [HANG])

    async with running(parts.reflector().run):
        await clock.asleep()
        clock.advance(5)
        await api.idle()

    assert parts.names() == {"web", "api"}
    assert parts.doubt() is None


async def test_oversized_event_makes_a_list_and_withholds_the_object() -> None:
    """It is counted, the list shows which object it is, and that object is in doubt; others are not."""
    parts, api, clock = rig()
    huge = deployment("huge", note="x" * (9 * 1024 * 1024))
    api.script(
        TARGET.path,
        [WEB + LISTED, event("ADDED", huge, "7")],
        page(deployment("web"), huge),
        [HANG],
    )

    async with running(parts.reflector().run):
        await clock.asleep()
        clock.advance(5)
        await api.idle()

    assert parts.metric("auditor_oversized_events_total", cluster=CLUSTER) == 2
    assert parts.doubt("huge") is Doubt.TOO_LARGE
    assert parts.doubt("web") is None
    assert parts.names() == {"web"}


async def test_streams_that_end_at_once_are_not_followed_at_once() -> None:
    """A server (or a proxy) that closes every stream is not asked in a tight loop."""
    parts, api, clock = rig()
    api.script(TARGET.path, [WEB + LISTED], [], [], [HANG])

    async with running(parts.reflector().run):
        for _ in range(3):
            await clock.asleep()
            clock.advance(60)
        await api.idle()

    assert len(clock.naps) == 3


async def test_lists_take_turns() -> None:
    """No more kinds are listed at once than the cluster has slots for."""
    parts, api, _ = rig()
    api.script(TARGET.path, *[[HANG]] * 5)
    reflectors = [parts.reflector() for _ in range(5)]

    async with running(*(reflector.run for reflector in reflectors)):
        await eventually(lambda: len(api.asked) == 3)
        for _ in range(20):
            await eventually(lambda: True)
        asked = len(api.asked)

    assert asked == 3


async def test_source_is_down_when_nobody_hears_it() -> None:
    """The source counts as lost when everything that talks to it fails, and found when one does not."""
    parts, api, clock = rig()
    api.script(TARGET.path, [WEB + LISTED, SourceUnavailable("reset")], [bookmark("6"), HANG])

    def up() -> float:
        return parts.metric("auditor_source_up", source=f"cluster/{CLUSTER}")

    async with running(parts.reflector().run):
        await clock.asleep()
        lost = up()
        clock.advance(60)
        await api.idle()
        found = up()

    assert (lost, found) == (0, 1)


async def test_listing_once_ends() -> None:
    """For a scan, one list is all: the kind is certain, and nothing is watched."""
    parts, api, _ = rig()
    api.script(TARGET.path, page(deployment("web")))

    await parts.reflector().list_once()

    assert parts.doubt() is None
    assert len(api.asked) == 1


async def test_listing_once_gives_up() -> None:
    """A cluster that cannot be reached leaves the kind unknown after a few attempts."""
    parts, api, clock = rig()
    api.script(TARGET.path, *[SourceUnavailable("refused")] * 3)

    async with running(parts.reflector().list_once):
        for _ in range(2):
            await clock.asleep()
            clock.advance(60)
        await eventually(lambda: len(api.asked) == 3)

    assert parts.doubt() is Doubt.NOT_SYNCED
