"""``auditor diff --revision``: what a branch would change."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli.frame import run
from tests.builders import config_map, deployment, secret, service

Captured = pytest.CaptureFixture[str]


class Platform:
    """A checkout with a commit on main, to commit to on a branch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        command = ("git", *who, *arguments)
        done = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, files: Mapping[str, Any]) -> str:
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a change")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """What is declared on main; a branch of it is checked out."""
    made = Platform(tmp_path / "platform")
    made.commit(
        {
            "apps/web.yaml": deployment("web", replicas=1),
            "apps/old.yaml": service("old"),
            "apps/login.yaml": secret(data={"password": "aHVudGVyMg=="}),
            "apps/same.yaml": config_map("same"),
        }
    )
    made.git("checkout", "--quiet", "-b", "feature")
    monkeypatch.chdir(made.folder)
    return made


@pytest.fixture
def changed(platform: Platform) -> str:
    """The branch changes, creates and deletes."""
    return platform.commit(
        {
            "apps/web.yaml": deployment("web", replicas=3),
            "apps/old.yaml": None,
            "apps/new.yaml": config_map("new"),
            "apps/login.yaml": secret(data={"password": "aHVudGVyMw=="}),
        }
    )


def findings(capsys: Captured, *arguments: str, code: int = 1) -> list[dict[str, Any]]:
    assert run(["diff", "--revision", *arguments, "-o", "json"]) == code
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
    return found


def told(found: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(one["check"], one["object"]["name"]) for one in found}


def test_a_branch_would_create_change_and_delete(changed: str, capsys: Captured) -> None:
    """Without any cluster; what stays as it is is counted."""
    assert run(["diff", "--revision", "main...feature", "-o", "json"]) == 1

    report = json.loads(capsys.readouterr().out)
    assert told(report["findings"]) == {
        ("REV-001", "new"),
        ("REV-002", "web"),
        ("REV-002", "login"),
        ("REV-003", "old"),
    }
    assert report["summary"] == {
        "objects": 5, "in_sync": 1, "drifted": 0, "pending": 4, "unknown": 0,
    }  # fmt: skip
    assert report["proposal"]["after"] == changed


def test_a_change_names_field_line_and_commit(
    platform: Platform, changed: str, capsys: Captured
) -> None:
    """As the branch has them, whatever it did elsewhere since."""
    platform.commit({"README.md": "more"})

    found = findings(capsys, "main..", "apps")
    (web,) = (one for one in found if one["object"]["name"] == "web")

    (difference,) = web["differences"]
    assert (difference["actual"], difference["desired"]) == (1, 3)
    lines = (platform.folder / "apps" / "web.yaml").read_text().splitlines()
    assert lines[web["source"]["line"] - 1].strip() == "replicas: 3"
    assert (web["source"]["repository"], web["source"]["path"]) == ("platform", "apps/web.yaml")
    assert web["source"]["revision"] == changed
    assert web["source"]["authored"]


def test_people_are_told_what_would_happen(changed: str, capsys: Captured) -> None:
    """In the order of time; a secret only that it would."""
    assert run(["diff", "-r", "main..feature", "apps"]) == 1

    text = capsys.readouterr().out
    assert "would change  apps/Deployment/shop/web\n  spec.replicas\n      1 → 3\n" in text
    assert "would be created  ConfigMap/shop/new" in text
    assert "would be deleted  Service/shop/old" in text
    assert "data.password\n      would change\n" in text
    assert "1 object would be created, 2 objects would change, 1 object would be deleted" in text
    assert "drift" not in text
    assert "aHVudGVy" not in text


def test_a_branch_that_changes_no_object_is_fine(platform: Platform, capsys: Captured) -> None:
    """Comments, other files, other spellings."""
    body = yaml.safe_dump(deployment("web", replicas=1), sort_keys=True, default_flow_style=True)
    platform.commit({"apps/web.yaml": f"# the shop\n{body}", "README.md": "more"})

    assert run(["diff", "--revision", "main..."]) == 0
    assert "main...: nothing would change · 4 objects would stay" in capsys.readouterr().out


def test_only_named_paths_are_compared(platform: Platform, capsys: Captured) -> None:
    """Also one that only one of the commits has."""
    platform.commit({"apps/web.yaml": deployment("web", replicas=3), "more/new.yaml": config_map()})

    assert told(findings(capsys, "main..", "more")) == {("REV-001", "settings")}
    assert told(findings(capsys, "..main", "more")) == {("REV-003", "settings")}


def test_several_paths_may_declare_the_same_objects(platform: Platform, capsys: Captured) -> None:
    """As those of several clusters do: each is compared by itself."""
    for replicas in (1, 2):
        platform.commit({f"{name}/web.yaml": deployment(replicas=replicas) for name in "ab"})

    found = findings(capsys, "HEAD~1..", "a", "b")

    assert {(one["cluster"], one["source"]["path"]) for one in found} == {
        ("a", "a/web.yaml"),
        ("b", "b/web.yaml"),
    }
    assert run(["diff", "--revision", "HEAD~1..", "a", "b"]) == 1
    assert "would change  apps/Deployment/shop/web  for b\n" in capsys.readouterr().out


def test_the_working_tree_counts_for_nothing(platform: Platform, capsys: Captured) -> None:
    """What is not committed is not in the branch."""
    (platform.folder / "apps" / "web.yaml").write_text("not: yaml: at all")

    assert findings(capsys, "main..feature", code=0) == []


def test_a_pull_request_is_annotated_where_it_changes(changed: str, capsys: Captured) -> None:
    """SARIF names the changed line, and rules that speak of revisions; the worst is a warning."""
    assert run(["diff", "--revision", "main...", "-o", "sarif", "--exit-zero"]) == 0

    (log,) = json.loads(capsys.readouterr().out)["runs"]
    rules = [rule["id"] for rule in log["tool"]["driver"]["rules"]]
    assert rules == ["REV-001", "REV-002", "REV-003", "K8S-008"]
    assert {result["level"] for result in log["results"]} == {"note", "warning"}
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in log["results"])
    (web,) = (one for one in log["results"] if "/web would" in one["message"]["text"])
    (location,) = web["locations"]
    assert location["physicalLocation"]["region"]["startLine"] > 1
    assert "spec.replicas: 1 → 3" in web["message"]["text"]
    assert "writer" not in web["message"]["text"]


def test_a_comment_folds_the_fields_in(changed: str, capsys: Captured) -> None:
    """A row for each object, worst first."""
    assert run(["diff", "--revision", "main...", "-o", "markdown"]) == 1

    text = capsys.readouterr().out
    assert text.startswith("### What would change: 4 objects\n")
    assert text.index("🟥 would be deleted") < text.index("🟨 would change")
    assert "- `spec.replicas` `1 → 3`" in text


@pytest.mark.usefixtures("rendering_programs")
def test_a_change_of_a_base_shows_in_its_overlays(platform: Platform, capsys: Captured) -> None:
    """At the file that the branch changed, be it the base's or a patch of the overlay."""
    kustomize = {"resources": ["../base"], "patches": [{"path": "patch.yaml"}]}
    patch = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
    }
    files = {
        "base/kustomization.yaml": {"resources": ["web.yaml"]},
        "base/web.yaml": deployment("web"),
        "prod/kustomization.yaml": kustomize,
        "prod/patch.yaml": {**patch, "spec": {"replicas": 3}},
    }
    first = platform.commit(files)
    second = platform.commit({"prod/patch.yaml": {**patch, "spec": {"replicas": 4}}})
    platform.commit({"base/web.yaml": deployment("web", image="web:2.0")})

    (patched,) = findings(capsys, f"{first}..{second}", "prod")
    (based,) = findings(capsys, f"{second}..", "prod")

    assert [one["desired"] for one in patched["differences"]] == [4]
    assert patched["source"]["path"] == "prod/patch.yaml"
    assert [one["desired"] for one in based["differences"]] == ["web:2.0"]
    assert based["source"]["path"] == "base/web.yaml"


# --- trouble ---------------------------------------------------------------------------------------


_TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data:
  mode: {{ .Values.mode | quote }}
"""


def _application(mode: str) -> str:
    return f"""\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: shop, namespace: argocd}}
spec:
  source:
    repoURL: https://git.example.com/platform
    path: charts/shop
    helm:
      valuesObject:
        mode: {mode}
  destination: {{server: "https://kubernetes.default.svc", namespace: shop}}
"""


@pytest.mark.usefixtures("rendering_programs")
def test_a_value_of_an_owner_is_shown_there(platform: Platform, capsys: Captured) -> None:
    """What the chart makes of it did not change in any file of the chart."""
    platform.commit(
        {
            "charts/shop/Chart.yaml": "{apiVersion: v2, name: shop, version: 1.0.0}",
            "charts/shop/values.yaml": "mode: none",
            "charts/shop/templates/settings.yaml": _TEMPLATE,
            "clusters/shop.yaml": _application("calm"),
        }
    )
    changed = platform.commit({"clusters/shop.yaml": _application("brisk")})
    url = "https://git.example.com/platform=."

    found = findings(capsys, "HEAD~1..", "clusters", "--discover", "argocd", "--repository", url)

    (settings,) = (one for one in found if one["object"]["name"] == "settings")
    source = settings["source"]
    assert (source["path"], source["line"]) == ("clusters/shop.yaml", 10)
    assert source["revision"] == changed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["main"], "'main' names no two revisions. Write main..HEAD"),
        (["mian..feature"], "there is no commit 'mian' in .* Did you mean main?"),
        (["main..feature", "aps"], "aps: is in neither revision of main..feature"),
        (["main..", ".."], "lies in no Git checkout"),
        (["main..", "--context", "nowhere"], "nowhere"),
        (["main..", "--unmanaged"], "--unmanaged is about what lives"),
    ],
)
def test_trouble_names_the_remedy(
    platform: Platform, arguments: list[str], message: str, capsys: Captured
) -> None:
    """And ends with 2."""
    assert run(["diff", "--revision", *arguments]) == 2

    said = capsys.readouterr().err
    assert all(part in said for part in message.split(" .* "))


def test_a_commit_that_does_not_render_is_named(platform: Platform, capsys: Captured) -> None:
    """With the file and the line in it."""
    broken = platform.commit({"apps/web.yaml": "kind: Deployment\nspec: [\n"})

    assert run(["diff", "--revision", "main.."]) == 2
    said = capsys.readouterr().err
    assert "apps/web.yaml:" in said
    assert f"at {broken[:10]}" in said


def test_paths_of_two_checkouts_are_two_questions(
    platform: Platform, tmp_path: Path, capsys: Captured
) -> None:
    """There is no one pair of commits for both."""
    other = Platform(tmp_path / "other")
    other.commit({"a.yaml": config_map()})

    assert run(["diff", "--revision", "main..", "apps", str(other.folder)]) == 2
    assert "lie in several checkouts" in capsys.readouterr().err


def test_without_revisions_a_path_is_needed(platform: Platform, capsys: Captured) -> None:
    """To compare with a cluster."""
    assert run(["diff"]) == 2
    assert "name what to compare with the cluster" in capsys.readouterr().err


@pytest.mark.usefixtures("changed")
def test_a_cluster_that_is_not_there_is_trouble(
    nowhere: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The forecast is told all the same, without it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    code = run(["diff", "--revision", "main..", "--kubeconfig", str(nowhere), "-o", "json"])

    report = json.loads(capsys.readouterr().out)
    assert code == 2
    assert report["summary"]["unknown"] == 4
    assert any("cannot be reached" in problem for problem in report["problems"])
    assert ("REV-002", "web") in told(report["findings"])


_RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {{name: {name}, namespace: shop}}
spec:
  interval: 1h
  chart: {{spec: {{chart: {name}, version: 1.0.0, sourceRef: {{kind: HelmRepository, name: none}}}}}}
  values: {{mode: {mode}}}
"""


def test_what_nobody_knows_of_either_commit_is_counted(
    platform: Platform, capsys: Captured
) -> None:
    """It is a problem only where what calls for it differs; and nothing is logged beside the report."""
    releases = {f"clusters/{name}.yaml": _RELEASE.format(name=name, mode="calm") for name in "ab"}
    platform.commit(releases)
    platform.commit({"clusters/b.yaml": _RELEASE.format(name="b", mode="wild")})
    arguments = ("diff", "--revision", "HEAD~1..", "clusters", "--discover", "flux")

    assert run([*arguments, "-o", "json"]) == 2
    said = capsys.readouterr()
    report = json.loads(said.out)

    assert told(report["findings"]) == {("REV-002", "b")}
    (problem,) = report["problems"]
    (unknown,) = report["proposal"]["unknown"]
    assert "HelmRelease/shop/b: " in problem
    assert "HelmRelease/shop/a: " in unknown
    assert said.err == ""
    assert run([*arguments]) == 2
    assert "1 unknown in both" in capsys.readouterr().out
    assert run([*arguments, "--log-level", "warning"]) == 2
    assert "owner_unknown" in capsys.readouterr().err
