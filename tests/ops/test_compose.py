"""What docker-compose.yml promises to somebody who has a container engine."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from auditor.config.document import Configuration
from tests.ops.places import CHART, COMPOSE, ROOT, read_yaml
from tests.stack import packages
from tests.stack.recipes import KUBERNETES_VERSION

SCHEMA = Path(__file__).parent / "compose_spec" / "compose-spec.json"
SERVICES: dict[str, dict[str, Any]] = read_yaml(COMPOSE)["services"]
AUDITORS = {name: service for name, service in SERVICES.items() if "build" in service}
UNPRIVILEGED = {name: service for name, service in SERVICES.items() if name != "k3s"}


def interpolate(text: str) -> str:
    """Put in the defaults of variables, as Compose does when none is set.

    https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md
    """
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def mounts(service: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Each mount of a service: its source, its target and its mode."""
    for volume in service.get("volumes", []):
        source, target, mode = (*interpolate(volume).split(":"), "rw")[:3]
        yield source, target, mode


def mount_of(service: str, target: str) -> Path:
    """The file or folder of the checkout that a service finds at a target."""
    sources = [source for source, at, _ in mounts(SERVICES[service]) if at == target]
    return (ROOT / sources[0]).resolve()


def test_it_is_a_compose_file() -> None:
    """The Compose specification's own schema accepts the file."""
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))

    errors = [error.message for error in validator.iter_errors(read_yaml(COMPOSE))]

    assert errors == []


def test_the_schema_would_notice() -> None:
    """The schema refuses what is no Compose file, so accepting one says something."""
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))

    assert not validator.is_valid({"services": {"auditor": {"imaeg": "x"}}})


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned(name: str) -> None:
    """An image has a version of three numbers, so tomorrow's start is today's."""
    assert re.search(r":v?\d+\.\d+\.\d+(-|$)", SERVICES[name]["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_every_mounted_file_is_there(name: str) -> None:
    """Compose would make an empty folder in place of a file that is missing."""
    missing = [
        source
        for source, _, _ in mounts(SERVICES[name])
        if source.startswith(".") and not (ROOT / source).exists()
    ]

    assert missing == []


@pytest.mark.parametrize("name", SERVICES)
def test_the_checkout_is_mounted_read_only(name: str) -> None:
    """No container writes into the checkout."""
    writable = [s for s, _, mode in mounts(SERVICES[name]) if s.startswith(".") and mode != "ro"]

    assert writable == []


@pytest.mark.parametrize("name", SERVICES)
def test_every_named_volume_is_declared(name: str) -> None:
    """A named volume that is not declared stops Compose."""
    named = {source for source, _, _ in mounts(SERVICES[name]) if not source.startswith(".")}

    assert named <= read_yaml(COMPOSE)["volumes"].keys()


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    """Nothing here asks for a password, so nothing is offered to the network."""
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", UNPRIVILEGED)
def test_nothing_gains_privileges(name: str) -> None:
    """Only the cluster, which runs containers itself, is privileged."""
    service = SERVICES[name]

    assert not service.get("privileged", False)
    assert "no-new-privileges:true" in service["security_opt"]


@pytest.mark.parametrize("name", AUDITORS)
def test_the_auditor_cannot_change_its_image(name: str) -> None:
    """The root file system is read-only; only /tmp, in memory, and the ledger can be written."""
    service = AUDITORS[name]
    writable = {target for _, target, mode in mounts(service) if mode != "ro"}

    assert service["read_only"] is True
    assert [entry.split(":")[0] for entry in service["tmpfs"]] == ["/tmp"]  # noqa: S108 - in the container
    assert writable == {"/var/lib/auditor"}


@pytest.mark.parametrize("name", AUDITORS)
def test_the_auditor_is_nobody(name: str) -> None:
    """It runs as a user other than root, by number, and without any capability."""
    user, group = AUDITORS[name]["user"].split(":")

    assert int(user) > 0
    assert int(group) > 0
    assert AUDITORS[name]["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", SERVICES)
def test_commands_run_without_a_shell(name: str) -> None:
    """Commands and health checks are argument lists."""
    service = SERVICES[name]
    check = service.get("healthcheck", {"test": ["CMD"]})

    assert isinstance(service.get("command", []), list)
    assert check["test"][0] == "CMD"


def test_every_lasting_service_says_whether_it_is_well() -> None:
    """What runs for good has a health check; what runs once has its exit code."""
    lasting = {name for name, service in SERVICES.items() if "restart" in service}

    assert lasting == {name for name, service in SERVICES.items() if "healthcheck" in service}


def test_the_cluster_has_the_version_of_the_tests() -> None:
    """k3s is of the Kubernetes version that the end-to-end tests run on."""
    assert SERVICES["k3s"]["image"].startswith(f"rancher/k3s:{KUBERNETES_VERSION}-k3s")


def test_prometheus_accepts_its_configuration() -> None:
    """The configuration is valid with the rules where the container finds them."""
    target = "/etc/prometheus/prometheus.yml"
    promtool = packages.locate("promtool")

    done = subprocess.run(
        (promtool, "check", "config", "--syntax-only", mount_of("prometheus", target)),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_prometheus_finds_the_rules_of_the_chart() -> None:
    """Compose and chart load the same rules: the mounted folder is the chart's."""
    configuration = read_yaml(mount_of("prometheus", "/etc/prometheus/prometheus.yml"))

    assert configuration["rule_files"] == ["rules/*.yaml"]
    assert mount_of("prometheus", "/etc/prometheus/rules") == CHART / "rules"


def test_prometheus_reaches_services_of_the_file() -> None:
    """Targets are services of this file, at the ports they publish."""
    configuration = read_yaml(mount_of("prometheus", "/etc/prometheus/prometheus.yml"))
    targets = {
        target
        for section in (
            *configuration["scrape_configs"],
            *configuration["alerting"]["alertmanagers"],
        )
        for static in section["static_configs"]
        for target in static["targets"]
    }

    assert targets == {"auditor:8080", "alertmanager:9093"}
    assert all(
        SERVICES[name]["ports"] == [f"127.0.0.1:{port}:{port}"]
        for name, port in (target.split(":") for target in targets)
    )


def test_alertmanager_accepts_its_configuration() -> None:
    """Alertmanager's own tool, which comes with it, finds no fault."""
    amtool = packages.locate("alertmanager").with_name("amtool")

    done = subprocess.run(
        (amtool, "check-config", mount_of("alertmanager", "/etc/alertmanager/alertmanager.yml")),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_grafana_loads_the_dashboards_of_the_chart() -> None:
    """Its provider reads the folder where the chart's dashboards are mounted."""
    provisioning = "/etc/grafana/provisioning/dashboards/auditor.yaml"
    provider = read_yaml(mount_of("grafana", provisioning))["providers"][0]

    folder = mount_of("grafana", provider["options"]["path"])

    assert folder == CHART / "dashboards"


def test_grafana_asks_the_prometheus_of_the_file() -> None:
    """Its data source is the Prometheus service."""
    provisioning = "/etc/grafana/provisioning/datasources/auditor.yaml"
    source = read_yaml(mount_of("grafana", provisioning))["datasources"][0]

    assert source["url"] == "http://prometheus:9090"


def test_what_is_declared_is_what_is_applied() -> None:
    """The folder that the auditor compares with is the one that goes into the cluster, committed."""
    configuration = read_yaml(mount_of("auditor", "/etc/auditor/auditor.yaml"))
    checkout = mount_of("auditor", configuration["repositories"][0]["url"])

    declared = checkout / configuration["desired"][0]["path"]

    assert (checkout / ".git").exists()
    assert declared == mount_of("k3s-contents", "/srv/declared")


def test_the_auditor_takes_its_configuration() -> None:
    """The mounted file is a configuration, and what it names is mounted beside it."""
    file = mount_of("auditor", "/etc/auditor/auditor.yaml")
    targets = {target for _, target, _ in mounts(SERVICES["auditor"])}

    configuration = Configuration.model_validate(read_yaml(file), context={"folder": file.parent})

    assert {repository.url for repository in configuration.repositories} <= targets
    assert {
        str(cluster.kubeconfig.parent) for cluster in configuration.clusters if cluster.kubeconfig
    } <= targets
    assert str(configuration.store.path.parent) in targets
    assert configuration.store.cache.is_relative_to(configuration.store.path.parent)
    assert configuration.http.listen == "0.0.0.0:8080"
