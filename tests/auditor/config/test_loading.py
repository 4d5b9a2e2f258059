"""A configuration loads whole, or everything that is wrong with it is told at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.config.loading import load, parse
from auditor.domain.finding import Severity
from auditor.domain.rules import ObjectMatch
from auditor.errors import ConfigError
from tests.auditor.config.documents import configuration, document

_DESIGN = """\
apiVersion: auditor/v1
clusters:     [{name: prod, context: prod}]
repositories: [{name: platform, url: "https://git.example.com/platform.git", ref: main, poll: 30s,
                credentials: {tokenFrom: "env:GIT_TOKEN"}}]
desired:      [{repository: platform, path: clusters/prod, cluster: prod, renderer: auto}]
rules:        {ignore: [], severity: [], lagging: {after: 10m}}
store:        {path: /var/lib/auditor/ledger.db}
bus:          {type: memory}
sinks:        []
http:         {listen: "0.0.0.0:8080"}
"""


def _complaint(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, name="auditor.yaml", folder=Path("/etc/auditor"))
    return str(caught.value)


def _complaint_about(**changes: Any) -> str:
    return _complaint(json.dumps(document(**changes)))


# --- what loads ------------------------------------------------------------------------------------


def test_the_documented_form_loads() -> None:
    """The example of the documentation, field by field."""
    loaded = parse(_DESIGN, name="auditor.yaml", folder=Path("/etc/auditor"))

    assert loaded.clusters[0].context == "prod"
    assert loaded.repositories[0].poll == timedelta(seconds=30)
    assert loaded.rules.lagging.after == timedelta(minutes=10)
    assert (loaded.http.host, loaded.http.port) == ("0.0.0.0", 8080)  # noqa: S104 - as documented


def test_everything_but_clusters_and_desired_has_a_default(tmp_path: Path) -> None:
    """The smallest configuration says what is declared where."""
    smallest = configuration(tmp_path)

    assert smallest.bus.type == "memory"
    assert smallest.sinks == ()
    assert smallest.http.listen == "127.0.0.1:8080"
    assert smallest.desired[0].name == "platform-prod"
    assert smallest.folder == tmp_path


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    """Kubeconfig, ledger, local repository and secret files alike."""
    (tmp_path / "kubeconfig").touch()
    (tmp_path / "platform").mkdir()
    loaded = configuration(
        tmp_path,
        clusters=[{"name": "prod", "kubeconfig": "kubeconfig"}],
        repositories=[{"name": "platform", "url": "platform"}],
        store={"path": "ledger.db"},
    )

    assert loaded.clusters[0].kubeconfig == tmp_path / "kubeconfig"
    assert loaded.repositories[0].url == str(tmp_path / "platform")
    assert loaded.store.path == tmp_path / "ledger.db"


@pytest.mark.parametrize(
    "url", ["https://git.example.com/x", "ssh://git@example.com/x", "git@example.com:org/x.git"]
)
def test_remote_urls_stay_as_they_are(url: str) -> None:
    """All the forms that Git takes."""
    loaded = configuration(repositories=[{"name": "platform", "url": url}])

    assert loaded.repositories[0].url == url


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [("127.0.0.1:0", "127.0.0.1", 0), (":9000", "", 9000), ("[::1]:80", "::1", 80)],
)
def test_listening_takes_host_and_port(listen: str, host: str, port: int) -> None:
    """IPv4, any address, IPv6."""
    loaded = configuration(http={"listen": listen})

    assert (loaded.http.host, loaded.http.port) == (host, port)


def test_an_ignore_rule_is_compiled() -> None:
    """What is written becomes a rule of the domain, and a bare date holds until its end."""
    rule = {
        "group": "apps",
        "kind": "Deployment",
        "selector": {"app": "web"},
        "path": "spec.replicas",
        "writer": "keda*",
        "value": "^[0-9]+$",
        "reason": "scaled by hand",
        "owner": "team-shop",
        "expires": "2026-12-31",
        "checks": "K8S-002",
    }
    compiled = configuration(rules={"ignore": [rule]}).rules.compiled().ignore[0]

    assert compiled.name == "apps-deployment-spec.replicas"
    assert isinstance(compiled.objects, ObjectMatch)
    assert compiled.objects.labels == {"app": "web"}
    assert compiled.checks == {"K8S-002"}
    assert compiled.path is not None
    assert compiled.writer == "keda*"
    assert compiled.expires == datetime(2027, 1, 1, tzinfo=UTC)


def test_severities_and_times_are_compiled() -> None:
    """The first rule that matches sets the severity; lagging has its time."""
    rules = {"severity": [{"kind": "Service", "severity": "low"}], "lagging": {"after": "1h"}}
    compiled = configuration(rules=rules).rules.compiled()

    assert compiled.severity[0].severity is Severity.LOW
    assert compiled.severity[0].objects.kind == "Service"
    assert compiled.lagging_after == timedelta(hours=1)


# --- what does not ---------------------------------------------------------------------------------


def test_everything_is_told_at_once_in_the_order_of_the_file() -> None:
    """One line for each problem: file, line, place, remedy."""
    complaint = _complaint(
        "apiVersion: auditor/v2\n"
        "clusters: [{name: prod, kubecofig: x}]\n"
        "repositories:\n"
        "  - name: platform\n"
        "    url: https://git.example.com/platform.git\n"
        "    poll: 30\n"
        "http: {listen: '8080'}\n"
    )

    assert complaint.splitlines() == [
        "auditor.yaml:1: apiVersion: must be 'auditor/v1'",
        "auditor.yaml:1: desired: required",
        "auditor.yaml:2: clusters[0].kubecofig: unknown field; did you mean kubeconfig?",
        (
            "auditor.yaml:6: repositories[0].poll: not a duration; "
            "write a number and a unit, as in 30s, 10m or 1h30m"
        ),
        'auditor.yaml:7: http.listen: write host and port, as in "0.0.0.0:8080" or "[::1]:8080"',
    ]


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"desird": []}, "desird: unknown field; did you mean desired?"),
        ({"clusters": []}, "clusters: must not be empty"),
        ({"clusters": {}}, "clusters: must be a list"),
        ({"clusters": [7]}, "clusters[0]: must be a mapping"),
        ({"clusters": [{"name": "Prod"}]}, "clusters[0].name: must be lower-case"),
        ({"clusters": [{"name": "prod", "inCluster": True, "context": "x"}]}, "inCluster excludes"),
        ({"clusters": [{"name": "prod", "in_cluster": True}]}, "did you mean inCluster?"),
        ({"clusters": [{"name": "prod", "secrets": "perhaps"}]}, "must be true or false"),
        ({"clusters": [{"name": "prod", "kinds": {"include": ["a/b/C"]}}]}, "write [group/]Kind"),
        ({"clusters": [{"name": "prod"}] * 2}, "clusters[1].name: 'prod' is taken"),
        ({"clusters": [{"name": "auditor"}]}, "clusters[0].name: 'auditor' stands for"),
        ({"clusters": [{"name": "prod", "kubeconfig": "/no/such"}]}, "there is no file /no/such"),
        ({"repositories": [{"name": "platform", "url": ""}]}, "url: must not be empty"),
        (
            {"repositories": [{"name": "a", "url": "oci://r.io/a", "caFile": "/no/such"}]},
            "repositories[0].caFile: there is no file /no/such",
        ),
        (
            {"charts": {"repositories": [{"url": "https://x.io", "caFile": "/no/such"}]}},
            "charts.repositories[0].caFile: there is no file /no/such",
        ),
        ({"charts": {"repositories": [{"url": "charts.example.com"}]}}, "https://host/path"),
        ({"charts": {"repositories": [{"url": "https://u:p@x.io"}]}}, "without user and query"),
        (
            {"charts": {"repositories": [{"url": "https://x.io", "insecure": True}]}},
            "write http:// in url",
        ),
        ({"repositories": [{"name": "a", "url": "oci://r.io/a:v1"}]}, "oci://registry/path"),
        ({"repositories": [{"name": "a", "url": "oci://r.io"}]}, "oci://registry/path"),
        ({"repositories": [{"name": "a", "url": "oci://u@r.io/a"}]}, "oci://registry/path"),
        ({"repositories": [{"name": "a", "url": "oci://r.io/a", "depth": 1}]}, "neither depth"),
        (
            {"repositories": [{"name": "a", "url": "/a", "insecure": True}]},
            "for oci:// and s3:// alone",
        ),
        ({"repositories": [{"name": "a", "url": "s3://bucket"}]}, "s3://host/bucket"),
        ({"repositories": [{"name": "a", "url": "s3://h/b/folder"}]}, "s3://host/bucket/folder/"),
        ({"repositories": [{"name": "a", "url": "s3://h/b", "ref": "main"}]}, "has no ref"),
        ({"repositories": [{"name": "a", "url": "/a", "region": "x"}]}, "for s3:// alone"),
        (
            {"repositories": [{"name": "platform", "url": "/no/such"}]},
            "there is no folder /no/such",
        ),
        ({"desired": [{"repository": "platfrom", "cluster": "prod"}]}, "did you mean platform?"),
        ({"desired": [{"repository": "platform", "cluster": "x"}]}, "'x'; add it to clusters"),
        (
            {"desired": [{"repository": "platform", "cluster": "prod", "path": "../x"}]},
            "must lie inside the repository",
        ),
        (
            {"desired": [{"repository": "platform", "cluster": "prod", "renderer": "autp"}]},
            "desired[0].renderer: no renderer is called 'autp'; did you mean auto?",
        ),
        (
            {"sinks": [{"name": "x", "type": "carrier-pigeon"}]},
            "no sink is called 'carrier-pigeon'",
        ),
        ({"bus": {"type": "kafka"}}, "bus.type: must be 'memory'"),
        ({"http": {"hooks": {"githb": {}}}}, "did you mean github?"),
        ({"rules": {"unmanaged": {"namespaces": [1]}}}, "namespaces[0]: must be text"),
        (
            {"rules": {"unmanaged": {"namespaces": "shop"}}},
            "must be 'auto' or 'inhabited' or must be a list",
        ),
        ({"rules": {"severity": [{"severity": "hgh"}]}}, "must be 'critical', 'high'"),
        ({"rules": {"ignore": [{"kind": "Pod", "owner": "me"}]}}, "ignore[0].reason: required"),
    ],
)
def test_each_mistake_is_named_with_its_remedy(changes: dict[str, Any], complaint: str) -> None:
    """The message is what a person needs to mend it."""
    assert complaint in _complaint_about(**changes)


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("path", "spec.replicas[", "cannot read '['"),
        ("value", "(", "not a regular expression"),
        ("expires", "soon", "write 2026-12-31"),
        ("checks", ["K8S-02"], "did you mean K8S-002?"),
        ("kind", "De[ploy", "a bracket is not closed"),
    ],
)
def test_what_a_rule_cannot_mean_is_named(field: str, value: object, complaint: str) -> None:
    """A rule that never matches would hide nothing, silently."""
    rule = {"reason": "known", "owner": "me", field: value}

    assert complaint in _complaint_about(rules={"ignore": [rule]})


def test_passwords_are_refused_and_not_repeated() -> None:
    """In the URL or in place of a reference: the message does not carry them on."""
    planted = "hunter2-planted"
    complaint = _complaint_about(
        repositories=[
            {"name": "a", "url": f"https://me:{planted}@git.example.com/x"},
            {"name": "b", "url": "https://x", "credentials": {"tokenFrom": planted}},
            {"name": "c", "url": "https://x", "credentials": {"token": planted}},
        ]
    )

    assert "repositories[0].url: holds a password" in complaint
    assert "did you mean tokenFrom?" in complaint
    assert planted not in complaint


def test_a_file_that_is_absent_is_named(tmp_path: Path) -> None:
    """And how to name another."""
    with pytest.raises(ConfigError, match=r"auditor\.yaml: No such file or directory; .* -c FILE"):
        load(tmp_path / "auditor.yaml")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    """Somebody gave the wrong file."""
    (tmp_path / "auditor.yaml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError, match=r"auditor\.yaml:1: not UTF-8"):
        load(tmp_path / "auditor.yaml")


@pytest.mark.parametrize("text", ["", "[]", "just text", "7"])
def test_a_document_that_is_no_mapping_is_named(text: str) -> None:
    """An empty file too."""
    assert _complaint(text).startswith("auditor.yaml:1: must be a mapping")


def test_broken_yaml_is_named_with_its_line() -> None:
    """The parser's own words, without a piece of the document."""
    assert _complaint("a: 1\n b: 2\n").startswith("auditor.yaml:2: mapping values are not allowed")
