"""Each command prints what it is asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from auditor.cli.frame import run
from auditor.cli.options import exit_code
from auditor.domain.finding import State
from auditor.domain.report import Report
from tests.findings import tracked

Captured = pytest.CaptureFixture[str]


# --- exit codes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("report", "exit_zero", "code"),
    [
        (Report(), False, 0),
        (Report(findings=(tracked(),)), False, 1),
        (Report(findings=(tracked(),)), True, 0),
        (Report(findings=(tracked(state=State.RESOLVED),)), False, 0),
        (Report(problems=("stage",)), False, 2),
        (Report(findings=(tracked(),), problems=("stage",)), False, 2),
        (Report(problems=("stage",)), True, 2),
    ],
)
def test_exit_codes_are_those_of_diff(report: Report, exit_zero: bool, code: int) -> None:  # noqa: FBT001
    """What could not be looked at is trouble, drift or not, asked for or not."""
    assert exit_code(report, exit_zero=exit_zero) == code


def test_a_cluster_that_is_not_there_is_trouble(folder: Path, capsys: Captured) -> None:
    """And not calm: every declared object is unknown."""
    assert run(["scan"]) == 2
    text = capsys.readouterr().out
    assert "no drift found in what could be audited · 3 objects: 3 unknown" in text
    assert "cannot be reached" in text


def test_a_scan_is_printed_in_the_form_asked_for(folder: Path, capsys: Captured) -> None:
    """Problems included."""
    assert run(["scan", "-o", "json"]) == 2
    assert json.loads(capsys.readouterr().out)["problems"]


def test_a_scan_finds_expired_rules(folder: Path, capsys: Captured) -> None:
    """Whatever else can be looked at; a rule that still holds is none."""
    configuration = folder / "auditor.yaml"
    about = "reason: moved by hand, owner: me, path: spec"
    rules = (
        f"[{{id: old, expires: 2020-01-01, {about}}}, {{id: new, expires: 2999-01-01, {about}}}]"
    )
    configuration.write_text(f"{configuration.read_text()}rules: {{ignore: {rules}}}\n")

    assert run(["scan", "-o", "json"]) == 2
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["check"], finding["object"]["name"]) == ("RULE-001", "old")
    assert finding["began"] == "2020-01-02T00:00:00Z"


# --- check-config ----------------------------------------------------------------------------------


def test_a_right_configuration_is_summed_up(folder: Path, capsys: Captured) -> None:
    """What goes where."""
    assert run(["check-config"]) == 0
    assert "platform/apps → prod (plain)" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_the_whole_configuration_is_printed_on_request(
    form: str, folder: Path, capsys: Captured
) -> None:
    """Defaults included; what is printed can be loaded again."""
    assert run(["check-config", "-o", form]) == 0
    (folder / "again.yaml").write_text(capsys.readouterr().out)
    assert run(["check-config", "-c", "again.yaml", "-o", form]) == 0
    assert capsys.readouterr().out == (folder / "again.yaml").read_text()


def test_a_secret_that_is_not_here_is_a_warning(
    folder: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Configurations are checked where the secrets are not; set ones are not shown."""
    text = (folder / "auditor.yaml").read_text()
    hooks = "http: {hooks: {github: {secretFrom: [env:HOOK_A, env:HOOK_B]}}}\n"
    (folder / "auditor.yaml").write_text(text + hooks)
    monkeypatch.setenv("HOOK_A", "hunter2-planted")

    assert run(["check-config", "-o", "yaml"]) == 0
    said = capsys.readouterr()
    assert "http.hooks.github.secretFrom[1]: the variable HOOK_B is not set" in said.err
    assert "secretFrom[0]" not in said.err
    assert "hunter2-planted" not in said.out + said.err


# --- schema, plugins, completion -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["config", "golden", "finding", "event", "report"])
def test_schemas_are_schemas(name: str, capsys: Captured) -> None:
    """Of the dialect that they name."""
    assert run(["schema", name]) == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))


def test_the_topics_are_described(capsys: Captured) -> None:
    """For whoever consumes them."""
    assert run(["schema", "asyncapi"]) == 0
    assert "drift.findings.v1" in capsys.readouterr().out


def test_the_schema_knows_the_options_of_installed_sinks(capsys: Captured) -> None:
    """So that an editor completes them."""
    run(["schema", "config"])
    schema = json.loads(capsys.readouterr().out)

    assert "bootstrap" in json.dumps(schema["$defs"]["sink.kafka"])
    assert schema["$defs"]["SinkChoice"]["allOf"]


def test_installed_plugins_are_listed(capsys: Captured) -> None:
    """For people and for programs."""
    assert run(["plugins"]) == 0
    assert "sinks.kafka:KafkaSink" in capsys.readouterr().out
    assert run(["plugins", "-o", "json"]) == 0
    names = {plugin["name"] for plugin in json.loads(capsys.readouterr().out)}
    assert {"kafka", "plain", "structural"} <= names


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_what_the_shell_takes(shell: str, capsys: Captured, tmp_path: Path) -> None:
    """Its own parser agrees, where it is installed."""
    assert run(["completion", shell]) == 0
    script = tmp_path / "completion"
    script.write_text(capsys.readouterr().out)

    assert "_AUDITOR_COMPLETE" in script.read_text()
    if shutil.which(shell):
        subprocess.run((shell, "-n", str(script)), check=True)


# --- render ----------------------------------------------------------------------------------------


def test_a_tree_shows_where_everything_is_declared(folder: Path, capsys: Captured) -> None:
    """File by file, with lines."""
    assert run(["render", "platform", "--renderer", "plain"]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("3 objects, rendered by plain from 1 file in ")
    assert rest == [
        "apps/web.yaml",
        "├── apps/Deployment/shop/web (line 1)",
        "├── Secret/shop/login (line 5)",
        "└── example.com/Policy/shop/strict (line 11)",
    ]


def _rendered(form: str, capsys: Captured, *more: str) -> list[dict[str, Any]]:
    assert run(["render", "platform", "--renderer", "plain", "-o", form, *more]) == 0
    text = capsys.readouterr().out
    return list(yaml.safe_load_all(text)) if form == "yaml" else list(json.loads(text))


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_objects_are_printed_without_secret_values(
    form: str, folder: Path, capsys: Captured
) -> None:
    """Their names stay; annotations may be copies of the object."""
    bodies = _rendered(form, capsys)

    assert [body["kind"] for body in bodies] == ["Deployment", "Secret", "Policy"]
    assert bodies[1]["data"] == {"password": "<redacted>"}
    assert "hunter2" not in str(bodies)
    assert "aHVudGVy" not in str(bodies)


def test_secret_values_are_printed_on_request(folder: Path, capsys: Captured) -> None:
    """What is printed can be applied."""
    bodies = _rendered("yaml", capsys, "--show-secrets")

    assert bodies[1]["data"] == {"password": "aHVudGVyMi1wbGFudGVk"}


_APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop-staging, namespace: argocd}
spec:
  source: {repoURL: "https://git.example.com/shop", path: deploy}
  destination: {server: "https://kubernetes.default.svc", namespace: shop}
"""
_SHOP = "https://git.example.com/shop"
_UNKNOWN = (
    "unknown: argoproj.io/Application/argocd/shop-staging: "
    f"{_SHOP} is not one of the repositories; add it with its url"
)


def _with_an_application(folder: Path) -> None:
    (folder / "clusters").mkdir()
    (folder / "clusters" / "shop.yaml").write_text(_APPLICATION)
    (folder / "shop" / "deploy").mkdir(parents=True)
    (folder / "shop" / "deploy" / "web.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"
    )


def test_owners_are_followed_on_request(folder: Path, capsys: Captured) -> None:
    """Into folders that stand for other repositories; the tree says what rendered each."""
    _with_an_application(folder)

    assert run(["render", "clusters", "--discover", "argocd", "--repository", f"{_SHOP}=shop"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == ["shop.yaml", "└── argoproj.io/Application/argocd/shop-staging (line 1)"]
    assert lines[3].startswith(
        "  argoproj.io/Application/argocd/shop-staging (staging): 1 object, rendered by plain from "
    )
    assert lines[4:] == [
        "  deploy/web.yaml",
        "  └── ConfigMap/shop/settings (line 1)",
        "2 objects from 2 roots",
    ]


def test_what_is_not_followed_is_said(folder: Path, capsys: Captured) -> None:
    """Whether nobody asked for it, or nobody knows the repository."""
    _with_an_application(folder)

    assert run(["render", "clusters"]) == 0
    assert "add --discover argocd" in capsys.readouterr().err
    assert run(["render", "clusters", "--discover", "all"]) == 2
    assert capsys.readouterr().out.splitlines()[-2:] == [
        _UNKNOWN,
        "1 object from 1 root, 1 owner unknown",
    ]


def test_what_is_unknown_is_told_beside_a_list_of_objects(folder: Path, capsys: Captured) -> None:
    """Whoever pipes objects on must learn that some may be missing."""
    _with_an_application(folder)

    assert run(["render", "clusters", "--discover", "all", "-o", "yaml"]) == 2
    assert f"warning: {_UNKNOWN}" in capsys.readouterr().err


def test_a_root_that_does_not_render_is_told_once(folder: Path, capsys: Captured) -> None:
    """Where it stands in the tree, and as one of so many in the end."""
    _with_an_application(folder)
    (folder / "shop" / "deploy").rename(folder / "shop" / "moved")

    assert run(["render", "clusters", "--discover", "argocd", "--repository", f"{_SHOP}=shop"]) == 2
    out = capsys.readouterr().out
    assert out.count("argocd/shop-staging (staging): deploy: there is no such path") == 1
    assert "unknown: " not in out
    assert out.splitlines()[-1] == "1 object from 2 roots, 1 owner unknown"


def test_a_folder_that_stands_for_nothing_is_refused(folder: Path, capsys: Captured) -> None:
    """With the form that it takes."""
    assert run(["render", "platform", "--repository", "nowhere"]) == 2
    assert "write URL=FOLDER" in capsys.readouterr().err


# --- rbac ------------------------------------------------------------------------------------------


def _role(capsys: Captured, *arguments: str) -> dict[str, list[str]]:
    assert run(["rbac", *arguments]) == 0
    documents = list(yaml.safe_load_all(capsys.readouterr().out))
    assert [one["kind"] for one in documents] == [
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
    ]
    rules = documents[1]["rules"]
    assert all(rule["verbs"] == ["get", "list", "watch"] for rule in rules)
    return {rule["apiGroups"][0]: rule["resources"] for rule in rules}


def test_the_role_reads_what_is_declared_and_selected(folder: Path, capsys: Captured) -> None:
    """Nothing with a star, and no Secrets, although one is declared."""
    role = _role(capsys)

    assert role == {
        "apiextensions.k8s.io": ["customresourcedefinitions"],
        "apiregistration.k8s.io": ["apiservices"],
        "apps": [
            "controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets",
        ],
        "autoscaling": ["horizontalpodautoscalers"],
        "example.com": ["policies"],
    }  # fmt: skip


def test_the_role_reads_secrets_where_the_configuration_says_so(
    folder: Path, capsys: Captured
) -> None:
    """And only there."""
    text = (folder / "auditor.yaml").read_text()
    (folder / "auditor.yaml").write_text(
        text.replace("{name: prod,", "{name: prod, secrets: true,")
    )

    assert _role(capsys)[""] == ["secrets"]


def test_the_role_patches_only_for_dry_runs_and_says_so(folder: Path, capsys: Captured) -> None:
    """What is declared, and with a remark on what that right is."""
    text = (folder / "auditor.yaml").read_text()
    asking = text.replace("{name: prod,", "{name: prod, confirm: {enabled: true},")
    (folder / "auditor.yaml").write_text(asking)

    assert run(["rbac"]) == 0

    printed = capsys.readouterr().out
    rules = list(yaml.safe_load_all(printed))[1]["rules"]
    patched = {name for rule in rules if "patch" in rule["verbs"] for name in rule["resources"]}
    assert printed.startswith("# The rules with the verb patch are there for dry runs alone")
    assert "deployments" in patched
    assert patched.isdisjoint({"secrets", "replicasets", "horizontalpodautoscalers"})


def test_a_guessed_plural_is_told(folder: Path, capsys: Captured) -> None:
    """Its definition is somewhere else."""
    run(["rbac"])

    assert "the plural of example.com/Policy is a guess: policies" in capsys.readouterr().err


def test_one_of_several_clusters_must_be_named(folder: Path, capsys: Captured) -> None:
    """Each needs its own role."""
    text = (folder / "auditor.yaml").read_text()
    two = text.replace("clusters:     [", "clusters:     [{name: stage}, ")
    (folder / "auditor.yaml").write_text(two)

    assert run(["rbac"]) == 2
    assert "--cluster with one of stage, prod" in capsys.readouterr().err
    assert run(["rbac", "--cluster", "stagee"]) == 2
    assert "did you mean stage?" in capsys.readouterr().err
    assert run(["rbac", "--cluster", "prod"]) == 0
