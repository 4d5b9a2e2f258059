"""Charts and kustomizations are recorded as rendered, without their secrets and programs."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from auditor.domain.manifest import SEALED, Manifest, Owner
from auditor.errors import ManifestError
from auditor.ports import Rendering, RenderRequest, Skipped, Tree
from auditor.recording.format import Header, RecordingFile, moments
from auditor.recording.frames import Declared, Rendered
from auditor.recording.player import Player
from auditor.recording.recorder import Recorder
from auditor.recording.recording_repository import RecordingRepository
from auditor.recording.renderings import RecordingRenderer
from auditor.telemetry.recording import RecordingEvents
from tests.auditor.recording.scripted import ScriptedRepository
from tests.builders import deployment, manifest, secret
from tests.doubles import FakeClock

REQUEST = RenderRequest(path="charts/web", cluster="prod", options={"release": "web"})
REFERENCE = ("apps", "Deployment", "shop", "web")
FILES = {"charts/web/Chart.yaml": b"name: web\n"}


class ScriptedRenderer:
    """Renders what it was told to, or fails as it was told to."""

    def __init__(self, rendering: Rendering | ManifestError) -> None:
        self._rendering = rendering

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        if isinstance(self._rendering, ManifestError):
            raise self._rendering
        return self._rendering


class NoProgram:
    """A renderer whose program is not installed."""

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        raise ManifestError("helm is not installed")


def rendering(*objects: Manifest, renderer: str = "helm") -> Rendering:
    """What a renderer made of these objects."""
    return Rendering(
        manifests=objects,
        skipped=(Skipped(path="charts/web/NOTES.txt", line=None, reason="is no YAML"),),
        read={"charts/web/Chart.yaml": "0123"},
        renderer=renderer,
    )


async def record(folder: Path, made: Rendering | ManifestError) -> Player:
    """Record one rendering, and open the recording."""
    path = folder / "session.rec"
    clock = FakeClock()
    file = RecordingFile.create(path, Header(created=clock.now(), configuration={}))
    with Recorder(file, clock, RecordingEvents(CollectorRegistry())) as recorder:
        tree = RecordingRepository(ScriptedRepository({"c1": FILES}), recorder).tree("c1")
        list(tree.blobs())
        renderer = RecordingRenderer(ScriptedRenderer(made), recorder)
        if isinstance(made, ManifestError):
            with pytest.raises(ManifestError):
                await renderer.render(tree, REQUEST)
        else:
            assert await renderer.render(tree, REQUEST) is made
    return Player(path)


async def again(player: Player, request: RenderRequest = REQUEST) -> Rendering:
    """Render it once more, from the recording, without the program."""
    tree = player.repository("platform").tree("c1")
    return await player.renderer(NoProgram()).render(tree, request)


def frames(player: Player) -> list[Rendered]:
    """Renderings that are in the recording."""
    return [f for _, f in moments(player._path) if isinstance(f, Rendered)]


async def test_a_chart_comes_back_as_it_was_rendered(tmp_path: Path) -> None:
    """Bodies, places, owners and what was left out; no program is needed."""
    web = manifest(deployment(), path="charts/web/templates/web.yaml", line=3)
    owner = Owner(tool="helm", name="web", chain=("argoproj.io/Application/argocd/web",))
    owned = Manifest(ref=web.ref, version="v1", body=web.body, owner=owner)

    replayed = await again(await record(tmp_path, rendering(web, owned)))

    assert [(m.ref, m.version, m.body) for m in replayed.manifests] == [
        (m.ref, m.version, m.body) for m in (web, owned)
    ]
    assert replayed.manifests[0].origin is not None
    assert (replayed.manifests[0].origin.path, replayed.manifests[0].origin.line) == (
        "charts/web/templates/web.yaml",
        3,
    )
    assert replayed.manifests[1].origin is None
    assert replayed.manifests[1].owner == owner
    assert replayed.skipped[0].path == "charts/web/NOTES.txt"
    assert replayed.read.keys() == {"charts/web/Chart.yaml"}


async def test_what_was_rendered_twice_comes_back_in_that_order(tmp_path: Path) -> None:
    """At one commit: values of another revision moved in between. The last stays."""
    made = [rendering(manifest(deployment(image=f"web:{number}"))) for number in (1, 2)]
    path, clock = tmp_path / "session.rec", FakeClock()
    file = RecordingFile.create(path, Header(created=clock.now(), configuration={}))
    with Recorder(file, clock, RecordingEvents(CollectorRegistry())) as recorder:
        tree = RecordingRepository(ScriptedRepository({"c1": FILES}), recorder).tree("c1")
        list(tree.blobs())
        for each in made:
            await RecordingRenderer(ScriptedRenderer(each), recorder).render(tree, REQUEST)
    player = Player(path)
    renderer = player.renderer(NoProgram())

    replayed = [
        (await renderer.render(player.repository("platform").tree("c1"), REQUEST)).manifests[0].body
        for _ in range(3)
    ]

    assert replayed == [each.manifests[0].body for each in (made[0], made[1], made[1])]


async def test_secrets_of_a_chart_are_hidden(tmp_path: Path) -> None:
    """They come out of values that look like any other, so only what comes out is recorded."""
    login = manifest(secret(data={"password": "aHVudGVyMg=="}))

    player = await record(tmp_path, rendering(login))

    assert "aHVudGVyMg==" not in repr(frames(player))
    assert (await again(player)).manifests[0].body["data"].keys() == {"password"}


async def test_the_environment_of_an_owner_comes_back(tmp_path: Path) -> None:
    """Beside the chain that leads to it."""
    owner = Owner(tool="argocd", name="shop", chain=("a", "b"), environment="production")
    web = manifest(deployment())
    owned = Manifest(ref=web.ref, version="v1", body=web.body, owner=owner)

    assert (await again(await record(tmp_path, rendering(owned)))).manifests[0].owner == owner


def test_a_rendering_from_before_chains_is_read() -> None:
    """Recordings stay readable: what they do not say is not known."""
    declared = msgspec.msgpack.encode(
        {"ref": REFERENCE, "version": "v1", "body": b"{}", "owner": ["helm", "web", None]}
    )
    read = msgspec.msgpack.decode(declared, type=Declared)

    assert (read.owner, read.chain, read.environment) == (("helm", "web", None), (), None)


async def test_what_was_sealed_stays_sealed(tmp_path: Path) -> None:
    """It is compared by being there, and would be compared by its value if it became a token."""
    inside = b64encode(f"key={SEALED}".encode()).decode()
    login = manifest(secret(data={"password": SEALED, "file": inside}))

    replayed = await again(await record(tmp_path, rendering(login)))

    assert replayed.manifests[0].body["data"] == {"password": SEALED, "file": SEALED}


async def test_a_chart_that_failed_fails_again(tmp_path: Path) -> None:
    """With the same words at the same place."""
    player = await record(tmp_path, ManifestError("no such value", path="web.yaml", line=7))

    with pytest.raises(ManifestError, match=r"^web\.yaml:7: no such value$"):
        await again(player)


async def test_plain_files_are_rendered_again(tmp_path: Path) -> None:
    """They are in the recording themselves."""
    player = await record(tmp_path, rendering(manifest(deployment()), renderer="plain"))

    assert frames(player) == []
    with pytest.raises(ManifestError, match="helm is not installed"):
        await again(player)


async def test_another_release_of_the_chart_is_another_rendering(tmp_path: Path) -> None:
    """Options tell them apart."""
    player = await record(tmp_path, rendering(manifest(deployment())))
    other = RenderRequest(path="charts/web", cluster="prod", options={"release": "other"})

    with pytest.raises(ManifestError, match="helm is not installed"):
        await again(player, other)
