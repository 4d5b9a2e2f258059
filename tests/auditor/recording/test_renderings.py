"""Charts and kustomizations are recorded as rendered, without their secrets and programs."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from auditor.domain.capabilities import NO_CLUSTER
from auditor.domain.manifest import SEALED, Manifest, Owner
from auditor.errors import ClusterUnasked, ManifestError, SourceUnavailable
from auditor.ports import Rendering, RenderRequest, Skipped, Tree
from auditor.recording.format import Header, RecordingFile, moments
from auditor.recording.frames import Declared, Rendered
from auditor.recording.player import Player
from auditor.recording.recorder import Recorder
from auditor.recording.recording_repository import RecordingRepository
from auditor.recording.renderings import RecordingRenderer, ReplayRenderer
from auditor.recording.replay_repository import GitFacts
from auditor.telemetry.recording import RecordingEvents
from tests.auditor.recording.scripted import ScriptedRepository
from tests.builders import deployment, manifest, secret
from tests.doubles import FakeClock

REQUEST = RenderRequest(
    path="charts/web", cluster="prod", options={"release": "web"}, root="prod/Application/web"
)
REFERENCE = ("apps", "Deployment", "shop", "web")
FILES = {"charts/web/Chart.yaml": b"name: web\n"}


Made = Rendering | ManifestError | SourceUnavailable


class ScriptedRenderer:
    """Renders what it was told to, or fails as it was told to, one after the other."""

    def __init__(self, made: Iterable[Made]) -> None:
        self._made = iter(made)

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        made = next(self._made)
        if isinstance(made, Exception):
            raise made
        return made


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


async def record(folder: Path, *made: Made, request: RenderRequest = REQUEST) -> Player:
    """Record renderings, ten seconds apart, and open the recording."""
    path = folder / "session.rec"
    clock = FakeClock()
    file = RecordingFile.create(path, Header(created=clock.now(), configuration={}))
    with Recorder(file, clock, RecordingEvents(CollectorRegistry())) as recorder:
        tree = RecordingRepository(ScriptedRepository({"c1": FILES}), recorder).tree("c1")
        list(tree.blobs())
        renderer = RecordingRenderer(ScriptedRenderer(made), recorder)
        for one in made:
            clock.advance(10)
            if isinstance(one, Exception):
                with pytest.raises(type(one)):
                    await renderer.render(tree, request)
            else:
                assert await renderer.render(tree, request) is one
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
    """Roots are told apart by their names."""
    player = await record(tmp_path, rendering(manifest(deployment())))

    with pytest.raises(ManifestError, match="helm is not installed"):
        await again(player, replace(REQUEST, root="prod/Application/other"))


async def test_what_the_renderer_is_told_does_not_matter(tmp_path: Path) -> None:
    """Owners say it, and what of it comes from a Secret is another value in a replay."""
    player = await record(tmp_path, rendering(manifest(deployment())))

    assert (await again(player, replace(REQUEST, options={"release": "token"}))).manifests
    assert "release" not in repr(frames(player))


async def test_every_moment_has_its_own_rendering(tmp_path: Path) -> None:
    """The same commit, and something else that lives: what was written down next counts."""
    player = await record(
        tmp_path, *(rendering(manifest(deployment(image=image))) for image in ("a", "b"))
    )
    images = []
    for moment in (0, 15, 25):
        player.clock.move(moment)
        body = (await again(player)).manifests[0].body
        images.append(body["spec"]["template"]["spec"]["containers"][0]["image"])

    assert images == ["a", "b", "b"]


async def test_what_was_out_of_reach_is_out_of_reach_again(tmp_path: Path) -> None:
    """Nothing is asked of the network, and it is there when it was there."""
    away = SourceUnavailable("charts.example.com does not answer", retry_after=10.0)
    player = await record(tmp_path, away, rendering(manifest(deployment())))

    with pytest.raises(SourceUnavailable, match="does not answer") as raised:
        await again(player)

    assert raised.value.retry_after == away.retry_after
    player.clock.move(15)
    assert (await again(player)).manifests


async def test_what_waited_for_its_cluster_waits_again(tmp_path: Path) -> None:
    """And depends on what that says, as it did."""
    whole = replace(rendering(manifest(deployment())), told=NO_CLUSTER)
    player = await record(tmp_path, ClusterUnasked("not yet"), whole)

    with pytest.raises(ClusterUnasked):
        await again(player)

    player.clock.move(15)
    assert (await again(player)).told is NO_CLUSTER


async def test_what_was_not_finished_when_the_recording_ended_is_not_known(tmp_path: Path) -> None:
    """No program is started, and no network asked, for a commit that came last."""
    player = await record(tmp_path, rendering(manifest(deployment())))
    tree = ScriptedRepository({"c2": FILES}).tree("c2")

    with pytest.raises(ManifestError, match=f"{REQUEST.root} was rendered to is not in"):
        await player.renderer(NoProgram()).render(tree, REQUEST)


async def test_a_recording_from_before_roots_had_names_is_read(tmp_path: Path) -> None:
    """Its renderings are told apart by what the renderer was told."""
    facts = GitFacts()
    old = Rendered(
        repository="platform",
        commit="c1",
        path="charts/web",
        cluster="prod",
        options='{"release": "web"}',
        renderer="helm",
    )
    facts.learn(0, old)
    player = await record(tmp_path, rendering(manifest(deployment())))
    tree = player.repository("platform").tree("c1")
    replay = ReplayRenderer(NoProgram(), {"platform": facts}, player.clock)

    assert (await replay.render(tree, REQUEST)).renderer == "helm"
    with pytest.raises(ManifestError, match="helm is not installed"):
        await replay.render(tree, replace(REQUEST, options={"release": "other"}))
