"""What the chart makes of its values: least privilege, one writer, the auditor's real files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.config.document import Configuration
from tests.e2e.story import GitFolder
from tests.ops.helm import NAMESPACE, RELEASE, lint, render
from tests.ops.places import CHART, COMPOSE, DASHBOARD, ROOT, RULES, read_yaml
from tests.stack import packages
from tests.stack.fixtures import require

CLUSTER = {"name": "this", "inCluster": True}
PODS = {"apiGroups": [""], "resources": ["pods"]}
NAMESPACE_BODY = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
DESIRED = [{"repository": "platform", "path": "clusters/prod", "cluster": "this"}]


@pytest.fixture(autouse=True)
def _helm() -> None:
    """Every test here needs the real helm."""
    require(("helm",))


def config_with(**sections: Any) -> dict[str, Any]:
    """A configuration with these sections."""
    least = {"apiVersion": "auditor/v1", "clusters": [CLUSTER], "desired": DESIRED}
    return {**least, **sections}


def pod_of(**values: Any) -> dict[str, Any]:
    """The pod that the Deployment makes."""
    pod: dict[str, Any] = render(**values).one("Deployment")["spec"]["template"]["spec"]
    return pod


def container_of(**values: Any) -> dict[str, Any]:
    """The only container of the pod."""
    (container,) = pod_of(**values)["containers"]
    return dict(container)


def rules_of(**values: Any) -> list[dict[str, Any]]:
    """What the role allows."""
    rules: list[dict[str, Any]] = render(**values).one("ClusterRole")["rules"]
    return rules


def opened(rules: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Group and plural name of everything that rules open."""
    return {(rule["apiGroups"][0], name) for rule in rules for name in rule["resources"]}


def readable(**values: Any) -> set[tuple[str, str]]:
    """Group and plural name of everything that the role opens."""
    return opened(rules_of(**values))


def printed_rules(
    folder: Path, body: dict[str, Any] = NAMESPACE_BODY, *, secrets: bool = False
) -> list[dict[str, Any]]:
    """The rules that `auditor rbac` prints where one object is declared."""
    git = GitFolder(folder / "platform")
    git.write("declared.yaml", [body])
    git.commit("Declare it")
    document = config_with(
        clusters=[CLUSTER | {"secrets": secrets}],
        repositories=[{"name": "platform", "url": str(git.folder)}],
        desired=[{"repository": "platform", "cluster": "this"}],
    )
    (folder / "auditor.yaml").write_text(yaml.safe_dump(document))
    argv = (sys.executable, "-m", "auditor", "rbac", "-c", folder / "auditor.yaml")
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    bodies = yaml.safe_load_all(done.stdout)
    (rules,) = (each["rules"] for each in bodies if each["kind"] == "ClusterRole")
    return list(rules)


# --- helm ------------------------------------------------------------------------------------------


def test_helm_finds_no_mistake_in_the_defaults() -> None:
    """The chart passes the strict linter as it is."""
    assert lint().error == ""


def test_helm_finds_no_mistake_with_everything_on() -> None:
    """It passes with every optional object, too."""
    on = {"enabled": True}

    assert lint(config=config_with(), serviceMonitor=on, prometheusRule=on).error == ""


def test_versions_are_those_of_the_project() -> None:
    """Chart and image carry the version of the wheel."""
    chart = read_yaml(CHART / "Chart.yaml")
    image = read_yaml(COMPOSE)["services"]["auditor"]["image"]

    assert chart["appVersion"] == chart["version"] == image.removeprefix("drift-auditor:")
    assert f'version = "{chart["version"]}"' in (ROOT / "pyproject.toml").read_text()


def test_everything_lies_in_the_namespace_of_the_release() -> None:
    """Only the role and its binding belong to the whole cluster."""
    outside = {
        body["kind"]
        for body in render(serviceMonitor={"enabled": True}).all()
        if body["metadata"].get("namespace") != NAMESPACE
    }

    assert outside == {"ClusterRole", "ClusterRoleBinding"}


# --- what is refused -------------------------------------------------------------------------------


def test_without_anything_declared_it_says_what_is_missing() -> None:
    """An auditor that has nothing to compare with is not installed."""
    assert "config.desired is empty" in render(config=config_with(desired=[])).error


@pytest.mark.parametrize(
    "section",
    [
        {"http": {"listen": "0.0.0.0:9"}},
        {"store": {"path": "/ledger.db"}},
        {"store": {"cache": "/cache"}},
    ],
    ids=["http.listen", "store.path", "store.cache"],
)
def test_the_places_of_the_pod_are_not_changed(section: dict[str, Any]) -> None:
    """Probes and volumes rely on them, so a value for them is refused, not dropped."""
    assert "are set by the chart" in render(config=config_with(**section)).error


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"rbac": {"rules": [{"apiGroups": ["*"], "resources": ["pods"]}]}}, "/apiGroups/0"),
        ({"rbac": {"rules": [{"apiGroups": [""], "resources": ["*"]}]}}, "/resources/0"),
        ({"rbac": {"rules": [PODS | {"verbs": ["delete"]}]}}, "/rbac/rules/0/verbs"),
        ({"image": {"repository": "drift-auditor", "tag": "latest"}}, "/image/tag"),
        ({"image": {"repository": "drift-auditor", "digest": "sha256:1"}}, "/image/digest"),
        ({"replicas": 2}, "replicas"),
        ({"config": config_with(clusters=[])}, "/config/clusters"),
    ],
)
def test_wrong_values_are_refused_by_place(values: dict[str, Any], place: str) -> None:
    """The schema names the value that is wrong: wildcards, verbs, moving tags, unknown words."""
    assert place in render(**values).error


# --- what it may do --------------------------------------------------------------------------------


def test_the_role_reads_and_nothing_else() -> None:
    """Every rule has exactly the three verbs of a watcher."""
    assert all(rule["verbs"] == ["get", "list", "watch"] for rule in rules_of())


def test_the_role_has_no_wildcard() -> None:
    """Each kind is named."""
    words = {word for rule in rules_of() for word in (*rule["apiGroups"], *rule["resources"])}

    assert not any("*" in word for word in words)


def test_the_role_is_by_default_what_the_auditor_says(tmp_path: Path) -> None:
    """Where only a namespace is declared, `auditor rbac` prints the rules of the values."""
    printed = printed_rules(tmp_path)

    assert rules_of() == printed


def test_the_rules_that_the_auditor_prints_can_be_pasted(tmp_path: Path) -> None:
    """What `auditor rbac` prints goes into the values as it is, and comes out as it is."""
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key", "namespace": "shop"}}
    printed = printed_rules(tmp_path, body, secrets=True)

    rules = rules_of(
        rbac={"rules": printed}, config=config_with(clusters=[CLUSTER | {"secrets": True}])
    )

    assert ("", "secrets") in opened(printed)
    assert rules == printed


def test_secrets_stay_closed() -> None:
    """Nobody asked for Secrets."""
    assert ("", "secrets") not in readable()


def test_secrets_open_by_the_configuration() -> None:
    """Auditing Secrets of the own cluster is said once, in the configuration."""
    clusters = [CLUSTER | {"secrets": True}]

    assert ("", "secrets") in readable(config=config_with(clusters=clusters))


def test_secrets_of_another_cluster_do_not_open_those_here() -> None:
    """The role is of the own cluster; another one is reached with an account of its own."""
    other = {"name": "other", "kubeconfig": "/etc/kube/config", "secrets": True}

    assert ("", "secrets") not in readable(config=config_with(clusters=[CLUSTER, other]))


def test_secrets_among_the_rules_need_the_configuration() -> None:
    """A rule for Secrets that the configuration does not ask for is refused, not granted."""
    rules = [{"apiGroups": [""], "resources": ["configmaps", "secrets"]}]

    assert "rbac.rules names secrets" in render(rbac={"rules": rules}).error


def test_the_role_is_bound_to_the_account_of_the_pod() -> None:
    """Account, binding and pod name the same account."""
    rendered = render(serviceAccount={"name": "reader"})
    binding = rendered.one("ClusterRoleBinding")

    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "reader", "namespace": NAMESPACE}
    ]
    assert binding["roleRef"]["name"] == rendered.one("ClusterRole")["metadata"]["name"]
    assert pod_of(serviceAccount={"name": "reader"})["serviceAccountName"] == "reader"


def test_a_role_made_elsewhere_is_left_alone() -> None:
    """Without rbac.create there is neither role nor binding."""
    assert render(rbac={"create": False}).kinds().isdisjoint({"ClusterRole", "ClusterRoleBinding"})


# --- how it runs -----------------------------------------------------------------------------------


def test_one_ledger_has_one_writer() -> None:
    """One replica, and the old one goes before the new one comes."""
    spec = render().one("Deployment")["spec"]

    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}


def test_the_pod_meets_the_restricted_standard() -> None:
    """No root, no capability, no writable root, the runtime's seccomp profile.

    https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
    """
    pod, container = pod_of(), container_of()

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_pod_runs_as_the_user_of_the_image() -> None:
    """The image's folders belong to that user."""
    user = read_yaml(COMPOSE)["services"]["auditor"]["user"]
    context = pod_of()["securityContext"]

    assert f"{context['runAsUser']}:{context['runAsGroup']}" == user


def test_probes_ask_the_endpoints_of_the_auditor() -> None:
    """Alive and ready are two questions."""
    container = container_of()

    assert container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}


def test_an_image_is_pinned_by_digest_where_one_is_given() -> None:
    """A digest wins over a tag."""
    digest = "sha256:" + "0" * 64

    image = container_of(image={"repository": "example.com/auditor", "digest": digest})["image"]

    assert image == f"example.com/auditor@{digest}"


def test_a_changed_configuration_is_a_new_pod() -> None:
    """The pod carries a checksum of what it reads at its start."""
    templates = [
        render(config=config_with(rules=rules)).one("Deployment")["spec"]["template"]
        for rules in ({}, {"lagging": {"after": "1h"}})
    ]

    one, other = (each["metadata"]["annotations"]["checksum/config"] for each in templates)
    assert one != other


def test_credentials_come_from_a_secret_of_the_namespace() -> None:
    """The chart holds no credential: it names where they are."""
    container = container_of(credentials={"existingSecret": "tokens"})

    assert container["envFrom"] == [{"secretRef": {"name": "tokens"}}]


def test_the_ledger_outlives_the_release() -> None:
    """Uninstalling keeps the volume with the history."""
    claim = render().one("PersistentVolumeClaim")

    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_the_ledger_can_do_without_a_volume() -> None:
    """Then it lives as long as its pod, and the notes would say so."""
    values = {"ledger": {"persistence": {"enabled": False}}}
    volumes = {volume["name"]: volume for volume in pod_of(**values)["volumes"]}

    assert "PersistentVolumeClaim" not in render(**values).kinds()
    assert volumes["ledger"]["emptyDir"] == {"sizeLimit": "2Gi"}


# --- what it carries -------------------------------------------------------------------------------


def test_the_service_leads_to_the_pod() -> None:
    """Its selector is a part of the pod's labels, its port the container's."""
    spec = render().one("Service")["spec"]
    labels = render().one("Deployment")["spec"]["template"]["metadata"]["labels"]

    assert spec["selector"].items() <= labels.items()
    assert spec["ports"][0]["targetPort"] == container_of()["ports"][0]["name"]


def test_the_operator_finds_the_service() -> None:
    """The ServiceMonitor selects the service and names its port."""
    rendered = render(serviceMonitor={"enabled": True, "labels": {"release": "monitoring"}})
    monitor, service = rendered.one("ServiceMonitor"), rendered.one("Service")

    assert (
        monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    )
    assert monitor["spec"]["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
    assert monitor["metadata"]["labels"]["release"] == "monitoring"


def test_the_operator_gets_the_same_rules(tmp_path: Path) -> None:
    """The PrometheusRule is the rule file, and promtool still accepts it."""
    spec = render(prometheusRule={"enabled": True}).one("PrometheusRule")["spec"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(spec))

    subprocess.run(
        (packages.locate("promtool"), "check", "rules", tmp_path / "rules.yaml"),
        check=True,
        capture_output=True,
    )
    assert spec == read_yaml(RULES)


def test_runbooks_can_be_ones_own() -> None:
    """Alerts lead to the copy of the runbooks that is named."""
    rule = {"enabled": True, "runbooks": "https://wiki.example.com/drift"}
    groups = render(prometheusRule=rule).one("PrometheusRule")["spec"]["groups"]

    urls = [each["annotations"]["runbook_url"] for group in groups for each in group["rules"]]

    assert all(url.startswith("https://wiki.example.com/drift#") for url in urls)


def test_grafana_finds_the_dashboard() -> None:
    """The ConfigMap has the label that the sidecar looks for, and the dashboard as it is."""
    shown = render().one("ConfigMap", "-dashboard")

    assert shown["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert shown["data"]["driftaudit-overview.json"].strip() == DASHBOARD.read_text().strip()


def test_the_auditor_takes_the_configuration() -> None:
    """What the pod reads is a configuration, with the places of the pod in it."""
    text = render().one("ConfigMap")["data"]["auditor.yaml"]

    configuration = Configuration.model_validate(yaml.safe_load(text))

    assert configuration.http.port == container_of()["ports"][0]["containerPort"]
    assert {mount["mountPath"] for mount in container_of()["volumeMounts"]} >= {
        str(configuration.store.path.parent)
    }


def test_names_follow_the_release() -> None:
    """A release that is called as the chart does not say its name twice."""
    assert render().one("Deployment")["metadata"]["name"] == RELEASE
