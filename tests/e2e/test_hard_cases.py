"""The situations that tell auditors apart, each with all its look-alikes, on a real API server.

A verdict is worth something only beside the verdict on what looks the same and is not. What each
look-alike is stands as data in ``tests/e2e/hard_cases``; everything is done for real by the named writer,
by controllers or at admission, and then all of it is audited at once.

====  ===============================================  ==============================================
case  what looks alike                                 where
====  ===============================================  ==============================================
1     an addition, an injection                        ``hard_cases/additions.py``
2     a default, residue                               ``hard_cases/additions.py``
3     quantities, durations, text                      ``hard_cases/spelling.py``
4     order that matters and order that does not       ``hard_cases/spelling.py``
5     ports by number and protocol                     ``hard_cases/spelling.py``
6     autoscalers and people                           ``hard_cases/controllers.py``
7     trust bundles                                    ``hard_cases/controllers.py``
8     secrets                                          ``hard_cases/secrets.py``
9     roles, aggregated and plain                      ``hard_cases/controllers.py``
10    residue of the applier, of others, of nobody     ``hard_cases/additions.py``
11    open schemas, unknown fields                     ``hard_cases/kinds.py``
12    declared in another version                      ``hard_cases/kinds.py``
13    missing, cleaned up, being deleted               ``hard_cases/presence.py``
14    unmanaged, made by controllers, left over        ``hard_cases/presence.py``,
                                                       ``test_hard_cases_in_time.py``
15    pending, lagging                                 ``test_story.py``
      codified, contested                              ``test_hard_cases_in_time.py``
      gaps, restarts, staleness                        ``test_outages.py``, ``test_reflector.py``
====  ===============================================  ==============================================
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.app.scan import scan
from auditor.config.loading import load
from auditor.domain.finding import Finding
from auditor.domain.report import Report
from tests.accuracy.api import APPLY_PATCH, Api
from tests.e2e.hard_cases.additions import CASE_1, CASE_2, CASE_10, INJECTED, INJECTOR
from tests.e2e.hard_cases.controllers import CASE_6, CASE_7, CASE_9
from tests.e2e.hard_cases.kinds import CASE_11, CASE_12, DEFINITIONS, GROUP
from tests.e2e.hard_cases.presence import CASE_13, CASE_14
from tests.e2e.hard_cases.secrets import CASE_8
from tests.e2e.hard_cases.spelling import CASE_3, CASE_4, CASE_5
from tests.e2e.hard_cases.stage import APPLIER, LookAlike, Reported, Stage
from tests.e2e.story import GitFolder, wait_until
from tests.stack.control_plane import ControlPlane

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CASES: Mapping[int, Sequence[LookAlike]] = {
    1: CASE_1,
    2: CASE_2,
    3: CASE_3,
    4: CASE_4,
    5: CASE_5,
    6: CASE_6,
    7: CASE_7,
    8: CASE_8,
    9: CASE_9,
    10: CASE_10,
    11: CASE_11,
    12: CASE_12,
    13: CASE_13,
    14: CASE_14,
}
SCENES = {
    f"hard-{case:02}-{place:02}": alike
    for case, alikes in CASES.items()
    for place, alike in enumerate(alikes)
}
"""Every look-alike by the namespace in which it happens."""


@dataclass(frozen=True)
class Audited:
    """What one audit of everything said."""

    report: Report
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Names of the cluster-wide objects that belong to each scene."""

    def findings(self, scene: str) -> list[Finding]:
        """Everything that was found in a scene."""
        return [one.finding for one in self.report.findings if self._is_of(scene, one.finding)]

    def _is_of(self, scene: str, finding: Finding) -> bool:
        ref = finding.ref
        return ref.namespace == scene or (not ref.namespace and ref.name in self.names[scene])


@pytest.fixture(scope="module")
def audited(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Audited:
    """Everything done, and audited once."""
    folder = tmp_path_factory.mktemp("hard")
    _define(control_plane)
    with Api(control_plane.url, control_plane.token) as api:
        _install_injector(api)
        stages = {name: Stage(control_plane, api, name) for name in SCENES}
        _play(stages)
        git = GitFolder(folder / "platform")
        for name, stage in stages.items():
            bodies = [stage.here(body) for body in SCENES[name].declared]
            git.write(f"{name}.yaml", _without_aliases(bodies))
        git.commit()
    report = asyncio.run(scan(load(_configure(control_plane, folder))))
    return Audited(report, {name: _names(alike) for name, alike in SCENES.items()})


def _define(cluster: ControlPlane) -> None:
    """Make the custom kinds known, their schemas included."""
    cluster.kubectl("apply", "-f", "-", input=yaml.safe_dump_all(DEFINITIONS))
    cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    with Api(cluster.url, cluster.token) as api:
        path = f"apis/{GROUP}/v1"
        wait_until(lambda: path in api.get("/openapi/v3")["paths"], what="schemas of custom kinds")


def _install_injector(api: Api) -> None:
    """Let admission inject a variable, and wait until it does."""
    for body in INJECTOR:
        api.patch(api.place(body), body, writer=APPLIER, kind=APPLY_PATCH, dry=False)

    def injects() -> bool:
        made = api.patch(api.place(INJECTED), INJECTED, writer=APPLIER, kind=APPLY_PATCH)
        return "VAR2" in str(made)

    wait_until(injects, what="an injected variable")


def _play(stages: Mapping[str, Stage]) -> None:
    """Do everything; controllers work meanwhile on what was done first."""
    for name, stage in stages.items():
        stage.cluster.create_namespace(name)
        for deed in SCENES[name].deeds:
            deed(stage)
    for name, stage in stages.items():
        alike = SCENES[name]
        wait_until(partial(alike.until, stage), within=60, what=alike.name)
        for deed in alike.then:
            deed(stage)


def _without_aliases(bodies: Sequence[Mapping[str, Any]]) -> str:
    """The bodies as one YAML stream in which nothing stands by reference."""
    dumper = type("Dumper", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    return yaml.dump_all(bodies, Dumper=dumper)


def _configure(cluster: ControlPlane, folder: Path) -> Path:
    configuration = {
        "apiVersion": "auditor/v1",
        "clusters": [{"name": "prod", "kubeconfig": str(cluster.kubeconfig), "secrets": True}],
        "repositories": [{"name": "platform", "url": "platform"}],
        "desired": [{"repository": "platform", "cluster": "prod"}],
        "rules": {
            "unmanaged": {"namespaces": ["hard-14-*"]},
            "terminating": {"after": "1s"},
        },
        "store": {"path": "ledger.db", "cache": "cache"},
    }
    file = folder / "auditor.yaml"
    file.write_text(yaml.safe_dump(configuration))
    return file


def _names(alike: LookAlike) -> frozenset[str]:
    return frozenset(body["metadata"]["name"] for body in alike.declared)


def _said(findings: Sequence[Finding]) -> Iterator[Reported]:
    for finding in findings:
        if not finding.differences:
            yield finding.check, "", "", ""
        for one in finding.differences:
            writer = one.writer.manager if one.writer else ""
            yield finding.check, str(one.path), str(one.op), writer


def test_everything_could_be_looked_at(audited: Audited) -> None:
    """That a look-alike is silent means something only if it was looked at."""
    assert audited.report.problems == ()
    assert audited.report.summary.unknown == 0
    assert audited.report.summary.objects >= len(SCENES)


@pytest.mark.parametrize("scene", SCENES, ids=[f"{n[5:7]}-{a.name}" for n, a in SCENES.items()])
def test_what_looks_alike_is_told_apart(audited: Audited, scene: str) -> None:
    """Each look-alike is reported with check, field and writer, or not at all."""
    alike = SCENES[scene]

    findings = audited.findings(scene)

    assert sorted(_said(findings)) == sorted(alike.reported)
    if alike.severity:
        assert [str(finding.severity) for finding in findings] == [alike.severity]
    assert not [text for text in alike.hidden if text in repr(findings)]
