"""A hostile repository costs bounded time and memory, leaks nothing and reaches nobody."""

from __future__ import annotations

import asyncio
import json
import resource
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from auditor.errors import ManifestError
from auditor.ports import Renderer, Rendering, Tree
from auditor.renderers.auto import AutoRenderer
from auditor.renderers.helm import HelmRenderer
from auditor.renderers.kustomize import KustomizeRenderer
from auditor.renderers.programs import Bounds, ProgramRunner
from auditor.sources.git.directory import DirectoryTree
from tests.auditor.renderers.folders import Content, folder, names, request
from tests.auditor.renderers.test_helm import CHART
from tests.builders import service

pytestmark = pytest.mark.usefixtures("rendering_programs")

MIB: Final = 2**20
TIGHT: Final = Bounds(seconds=5, memory=384 * MIB, output=8 * MIB)
BOMB: Final = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)


def tight(kind: type[KustomizeRenderer | HelmRenderer]) -> KustomizeRenderer | HelmRenderer:
    return kind(ProgramRunner(TIGHT))


def template(text: str) -> dict[str, Content]:
    return {**CHART, "app/templates/settings.yaml": text}


@contextmanager
def bounded(seconds: float = 20, memory: int = 300 * MIB) -> Iterator[None]:
    """Fail if it takes longer, or if this process grows by more."""
    before, began = _peak(), time.monotonic()
    yield
    assert time.monotonic() - began < seconds
    assert _peak() - before < memory


def _peak() -> int:
    """The most memory that this process had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def refusal(renderer: Renderer, tree: Tree, path: str = "app", **options: Any) -> str:
    with bounded(), pytest.raises(ManifestError) as caught:
        await renderer.render(tree, request(path, **options))
    return str(caught.value)


class TestEndless:
    @pytest.mark.parametrize(
        "text",
        [
            "{{ range until 1000000 }}{{ range until 1000000 }}{{ end }}{{ end }}",
            "{{ range until 100000 }}{{ range until 100000 }}xxxxxxxxxx{{ end }}{{ end }}",
            "{{ until 2000000000 }}",
            '{{ repeat 2000000000 "x" }}',
            '{{ range $i := until 30 }}{{ $_ := set $ "x" (repeat 2 (default "xx" $.x)) }}{{ end }}',
            '{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}',
            '{{ genSelfSignedCert "x" nil nil 365 | toString | repeat 1000000 }}',
        ],
    )
    async def test_a_template_without_end_is_ended(self, text: str) -> None:
        """Time, memory or output runs out, and one message says which."""
        message = await refusal(tight(HelmRenderer), folder(template(text)))

        assert len(message) < 2000

    async def test_others_are_rendered_meanwhile(self) -> None:
        """A hostile root takes one turn, not all."""
        runner = ProgramRunner(TIGHT, parallel=2)
        endless = folder(
            template("{{ range until 1000000 }}{{ range until 1000000 }}{{ end }}{{ end }}")
        )
        good = HelmRenderer(runner)

        async with asyncio.TaskGroup() as group:
            bad = group.create_task(refusal(HelmRenderer(runner), endless))
            first = [await good.render(folder(CHART), request()) for _ in range(3)]
            was_busy = not bad.done()

        assert [names(each) for each in first] == [["ConfigMap/web-settings"]] * 3
        assert was_busy


class TestBombs:
    async def test_a_kustomization_that_explodes(self) -> None:
        """Aliases of aliases are counted before they are multiplied."""
        message = await refusal(
            tight(KustomizeRenderer), folder({"app/kustomization.yaml": BOMB + "resources: *j\n"})
        )

        assert "expands to more than" in message

    async def test_a_resource_that_explodes(self) -> None:
        """Kustomize refuses it, or runs out of what it may use."""
        bomb = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n" + "".join(
            f"  {line}\n" for line in BOMB.splitlines()
        )
        tree = folder({"app/kustomization.yaml": "resources: [x.yaml]", "app/x.yaml": bomb})

        assert await refusal(tight(KustomizeRenderer), tree)

    async def test_values_that_explode(self) -> None:
        """Helm refuses them, or runs out of what it may use; an unused bomb harms nobody."""
        tree = folder({**CHART, "app/values.yaml": BOMB})

        with bounded():
            try:
                rendering = await tight(HelmRenderer).render(tree, request())
            except ManifestError:
                return

        assert len(rendering.manifests) == 1

    async def test_many_files(self) -> None:
        """A chart of more files than anybody writes is refused before it is laid out."""
        many = {f"app/templates/{n}.yaml": "" for n in range(10_001)}

        assert "10,000 files" in await refusal(HelmRenderer(), folder({**CHART, **many}))

    async def test_a_chain_of_kustomizations(self) -> None:
        """They may refer to each other only so deep."""
        chain: dict[str, Content] = {
            f"{n}/kustomization.yaml": {"resources": [f"../{n + 1}"]} for n in range(200)
        }

        message = await refusal(KustomizeRenderer(), folder(chain), "0")

        assert "more than 100 deep" in message


class TestHugeFiles:
    @pytest.fixture
    def repository(self, tmp_path: Path) -> DirectoryTree:
        """A folder with a chart, a kustomization and 500 MB that take no disk."""
        for path, text in {
            "chart/Chart.yaml": "{apiVersion: v2, name: web, version: 1.0.0}",
            "chart/README.md": "",
            "app/kustomization.yaml": "configMapGenerator: [{name: big, files: [big.bin]}]",
        }.items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text(text)
        for path in ("app/big.bin", "chart/values.yaml"):
            with (tmp_path / path).open("wb") as file:
                file.truncate(500 * 10**6)
        return DirectoryTree(tmp_path, name="hostile")

    @pytest.mark.parametrize("path", ["app", "chart"])
    async def test_are_named_and_not_read(self, repository: DirectoryTree, path: str) -> None:
        """A file that no manifest is as large as stops the rendering, not the process."""
        assert "is larger than" in await refusal(AutoRenderer(), repository, path)


class TestLinks:
    @pytest.fixture
    def repository(self, tmp_path: Path) -> DirectoryTree:
        """A chart and a kustomization with links to files of the machine, beside a secret."""
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "secret.yaml").write_text("password: hunter2")
        inside = tmp_path / "inside"
        (inside / "chart" / "templates").mkdir(parents=True)
        (inside / "chart" / "Chart.yaml").write_text("{apiVersion: v2, name: web, version: 1.0.0}")
        (inside / "chart" / "values.yaml").symlink_to("../../outside/secret.yaml")
        (inside / "base").symlink_to("../outside")
        (inside / "kustomization.yaml").write_text("resources: [base/secret.yaml]")
        return DirectoryTree(inside, name="hostile")

    @pytest.mark.parametrize("path", ["", "chart"])
    async def test_lead_nowhere(self, repository: DirectoryTree, path: str) -> None:
        """What lies behind a link out of the repository is not there."""
        message = await refusal(AutoRenderer(), repository, path)

        assert "hunter2" not in message


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[int, list[str]]]:
    """Listen on loopback, and note who calls."""
    callers: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append((await reader.readline()).decode(errors="replace"))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], callers


class TestNetwork:
    @pytest.mark.parametrize(
        "kustomization",
        [
            "resources: ['http://127.0.0.1:{port}/a.yaml']",
            "resources: ['HTTP://127.0.0.1:{port}/a.yaml']",
            "resources: ['http:127.0.0.1:{port}/a.yaml']",
            "components: ['http://127.0.0.1:{port}/org/repo']",
            "crds: ['http://127.0.0.1:{port}/a.json']",
            "configurations: ['http://127.0.0.1:{port}/a.yaml']",
            "openapi: {{path: 'http://127.0.0.1:{port}/a.json'}}",
            "patchesStrategicMerge: ['http://127.0.0.1:{port}/a.yaml']",
            "patches: [{{path: 'http://127.0.0.1:{port}/a.yaml'}}]",
            "patchesJson6902: [{{path: 'http://127.0.0.1:{port}/a.yaml', target: {{kind: X, name: x}}}}]",
            "replacements: [{{path: 'http://127.0.0.1:{port}/a.yaml'}}]",
            "configMapGenerator: [{{name: a, files: ['http://127.0.0.1:{port}/a']}}]",
            "configMapGenerator: [{{name: a, files: ['k=http://127.0.0.1:{port}/a']}}]",
            "configMapGenerator: [{{name: a, envs: ['http://127.0.0.1:{port}/a']}}]",
            "configMapGenerator: [{{name: a, env: 'http://127.0.0.1:{port}/a'}}]",
            "secretGenerator: [{{name: a, files: ['http://127.0.0.1:{port}/a']}}]",
            "generators: ['http://127.0.0.1:{port}/a.yaml']",
            "validators: ['http://127.0.0.1:{port}/a.yaml']",
            "helmCharts: [{{name: a, repo: 'http://127.0.0.1:{port}', version: 1.0.0}}]",
            "helmCharts: [{{name: a, repo: 'http://127.0.0.1:{port}'}}]",
            "helmCharts: [{{name: a, valuesFile: 'http://127.0.0.1:{port}/a.yaml'}}]",
            "helmCharts: [{{name: a, additionalValuesFiles: ['http://127.0.0.1:{port}/a.yaml']}}]",
            "helmChartInflationGenerator: [{{chartName: a, chartRepoUrl: 'http://127.0.0.1:{port}'}}]",
            "Resources: ['http://127.0.0.1:{port}/a.yaml']",
            "reſources: ['http://127.0.0.1:{port}/a.yaml']",
            "patches: [{{PATH: 'http://127.0.0.1:{port}/a.yaml'}}]",
            "helmcharts: [{{NAME: a, Repo: 'http://127.0.0.1:{port}'}}]",
            "resources:\n- http://127.0.0.1:{port}/a.yaml\nresources: []",
        ],
    )
    async def test_no_kustomization_calls_anybody(self, kustomization: str) -> None:
        """Also with charts allowed, and also to this machine, where no proxy helps."""
        async with listening() as (port, callers):
            text = kustomization.format(port=port)

            await refusal(
                tight(KustomizeRenderer), folder({"app/kustomization.yaml": text}), helm=True
            )

        assert callers == []

    @pytest.mark.parametrize(
        "config",
        [
            "kind: PatchTransformer\nmetadata: {{name: x}}\npath: {url}",
            "kind: ConfigMapGenerator\nmetadata: {{name: x}}\nfiles: ['{url}']",
            "kind: ReplacementTransformer\nmetadata: {{name: x}}\nreplacements: [{{path: '{url}'}}]",
            "kind: PatchStrategicMergeTransformer\nmetadata: {{name: x}}\npaths: ['{url}']",
            "kind: HelmChartInflationGenerator\nmetadata: {{name: x}}\nname: a\nrepo: '{url}'",
            "kind: PatchTransformer\nmetadata: {{name: x}}\nPATH: {url}",
        ],
    )
    @pytest.mark.parametrize("field", ["generators", "transformers"])
    @pytest.mark.parametrize("place", ["plugin.yaml", "folder", "inline", "flow"])
    async def test_no_plugin_calls_anybody(self, field: str, config: str, place: str) -> None:
        """Built-in plugins are configured in files and folders of their own, or in place."""
        async with listening() as (port, callers):
            text = "apiVersion: builtin\n" + config.format(url=f"http://127.0.0.1:{port}/a")
            written = {"inline": text, "flow": json.dumps(yaml.safe_load(text))}
            files: dict[str, Content] = {
                "app/kustomization.yaml": {field: [written.get(place, place)]},
                "app/plugin.yaml": text,
                "app/folder/kustomization.yaml": {"resources": ["plugin.yaml"]},
                "app/folder/plugin.yaml": text,
            }

            await _try(tight(KustomizeRenderer), folder(files), helm=True)

        assert callers == []

    async def test_no_plugin_is_made_up_on_the_way(self) -> None:
        """A folder of configurations may not change them: what came out would be unseen."""
        config = {"apiVersion": "builtin", "kind": "PatchTransformer", "metadata": {"name": "x"}}
        change = '[{"op": "add", "path": "/path", "value": "http://127.0.0.1:9/a"}]'
        files: dict[str, Content] = {
            "app/kustomization.yaml": {"transformers": ["folder"]},
            "app/folder/kustomization.yaml": {
                "resources": ["plugin.yaml"],
                "patches": [{"target": {"kind": "PatchTransformer"}, "patch": change}],
            },
            "app/folder/plugin.yaml": config,
        }

        message = await refusal(tight(KustomizeRenderer), folder(files))

        assert "configures plugins by more than a list of resources" in message

    async def test_no_chart_calls_anybody(self) -> None:
        """A dependency that only the chart names is not fetched."""
        async with listening() as (port, callers):
            needs = [{"name": "a", "version": "1.0.0", "repository": f"http://127.0.0.1:{port}"}]
            about = {"apiVersion": "v2", "name": "web", "version": "1.0.0", "dependencies": needs}
            lock = {"dependencies": needs}
            files: dict[str, Content] = {
                **CHART,
                "app/Chart.yaml": about,
                "app/Chart.lock": lock,
            }

            await refusal(tight(HelmRenderer), folder(files))

        assert callers == []

    async def test_no_plugin_of_helm_runs(self, tmp_path: Path) -> None:
        """A repository that brings helm's data folder brings no plugin."""
        proof = tmp_path / "proof"
        plugin = (
            f"name: evil\nversion: 1.0.0\ncommand: touch {proof}\n"
            f"downloaders: [{{command: touch {proof}, protocols: [evil]}}]\n"
        )
        files: dict[str, Content] = {
            "app/kustomization.yaml": {
                "helmGlobals": {"configHome": "home"},
                "helmCharts": [{"name": "a", "repo": "evil://x", "version": "1.0.0"}],
                "resources": ["home/.data/plugins/evil/plugin.yaml"],
            },
            "app/home/.data/plugins/evil/plugin.yaml": plugin,
        }

        await refusal(tight(KustomizeRenderer), folder(files), helm=True)

        assert not proof.exists()


async def _try(renderer: Renderer, tree: Tree, **options: Any) -> Rendering | None:
    with bounded():
        try:
            return await renderer.render(tree, request(**options))
        except ManifestError:
            return None


class TestTheRest:
    async def test_is_audited_all_the_same(self) -> None:
        """What is well beside a hostile folder is rendered."""
        tree = folder(
            {
                "evil/kustomization.yaml": {"resources": ["https://example.com/a.yaml"]},
                "good/kustomization.yaml": {"resources": ["s.yaml"]},
                "good/s.yaml": service(),
            }
        )

        await refusal(AutoRenderer(), tree, "evil")

        assert names(await AutoRenderer().render(tree, request("good"))) == ["Service/web"]
