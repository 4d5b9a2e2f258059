"""A recording holds what judging depends on, and nothing that leads anywhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from auditor.app.record import judged_by
from auditor.app.replay import configuration_of, replay
from auditor.config.loading import parse
from auditor.recording.format import Header, RecordingFile
from auditor.recording.player import Player
from tests.doubles import START

DOCUMENT = """
apiVersion: auditor/v1
clusters: [{name: prod, context: secret-place, secrets: true, kinds: {include: ["apps/*"]}}]
repositories:
  - name: platform
    url: https://git.example.com/platform.git
    ref: main
    poll: 5s
    credentials: {tokenFrom: "env:GIT_TOKEN"}
    webhook: {secretFrom: ["env:HOOK"]}
desired: [{repository: platform, path: apps, cluster: prod, namespace: shop}]
rules: {lagging: {after: 90s}, ignore: [{kind: Job, reason: noise, owner: me}]}
store: {path: /var/lib/ledger.db}
sinks: [{name: out, type: stdout}]
"""


def test_addresses_and_credentials_are_not_recorded(tmp_path: Path) -> None:
    """Nor where findings are kept and sent."""
    document = judged_by(parse(DOCUMENT, name="auditor.yaml", folder=tmp_path))

    assert document["clusters"] == [
        {"name": "prod", "secrets": True, "kinds": {"include": ["apps/*"]}}
    ]
    assert document["repositories"] == [{"name": "platform", "ref": "main", "poll": "5s"}]
    assert document.keys() == {"apiVersion", "clusters", "repositories", "desired", "rules"}


def test_a_replay_judges_by_the_recorded_rules(tmp_path: Path) -> None:
    """What was written down can be read again."""
    configuration = parse(DOCUMENT, name="auditor.yaml", folder=tmp_path)
    path = tmp_path / "session.rec"
    header = Header(created=START, configuration=judged_by(configuration))
    RecordingFile.create(path, header).close()

    again = configuration_of(Player(path))

    assert again.rules == configuration.rules
    assert again.rules.lagging.after == timedelta(seconds=90)
    assert again.desired == configuration.desired
    assert (again.clusters[0].secrets, again.clusters[0].context) == (True, None)


def test_owners_name_repositories_by_their_addresses(tmp_path: Path) -> None:
    """So these are recorded where owners are followed; users, passwords and folders are not."""
    text = DOCUMENT.replace("namespace: shop}", "discover: flux}")
    text = text.replace("https://git.example", "https://ada@git.example")
    text = text.replace(
        "desired:", '  - {name: local, url: local, aliases: ["https://l"]}\ndesired:'
    )
    (tmp_path / "local").mkdir()
    document = judged_by(parse(text, name="auditor.yaml", folder=tmp_path))

    assert [one["aliases"] for one in document["repositories"]] == [
        ["https://git.example.com/platform"],
        ["https://l"],
    ]
    assert "url" not in str(document["repositories"])


def test_a_replay_fetches_no_charts(tmp_path: Path) -> None:
    """What was rendered of them is in the recording, or is not known."""
    configuration = parse(DOCUMENT, name="auditor.yaml", folder=tmp_path)
    path = tmp_path / "session.rec"
    header = Header(created=START, configuration=judged_by(configuration))
    RecordingFile.create(path, header).close()

    assert configuration_of(Player(path)).charts.allow == ()


def test_what_was_never_recorded_is_a_problem(tmp_path: Path) -> None:
    """A recording that was cut off before Git was read is no proof that nothing differs."""
    configuration = parse(DOCUMENT, name="auditor.yaml", folder=tmp_path)
    path = tmp_path / "session.rec"
    header = Header(created=START, configuration=judged_by(configuration))
    RecordingFile.create(path, header).close()

    report = replay(path)

    assert not report.findings
    assert report.problems == (
        "repository platform: not all that is asked of it was looked for yet",
    )
