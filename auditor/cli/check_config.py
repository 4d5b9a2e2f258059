"""``auditor check-config``: is this configuration right?"""

from __future__ import annotations

import json

import click
import yaml

from auditor.cli.help import examples
from auditor.cli.options import configuration_option, form_option
from auditor.cli.terminal import print_text, warn
from auditor.config.document import Configuration
from auditor.config.premises import unresolved_secrets
from auditor.reports.forms import Form
from auditor.reports.wording import count_of, show_json


@click.command(
    "check-config",
    epilog=examples(
        "auditor check-config -c auditor.yaml",
        "auditor check-config -o yaml",
    ),
)
@configuration_option
@form_option(Form.TABLE, Form.JSON, Form.YAML)
def command(*, configuration: Configuration, form: Form) -> None:
    """Check a configuration, and show what it comes to.

    Every error is told at once, with file, line, place and remedy. With -o json or yaml the whole
    configuration is printed, defaults included; secrets appear as their references. Nothing is
    connected to.
    """
    for problem in unresolved_secrets(configuration):
        warn(f"{problem} (not here; is it where the auditor runs?)")
    document = configuration.model_dump(mode="json", by_alias=True)
    if form is Form.JSON:
        print_text(show_json(document))
    elif form is Form.YAML:
        print_text(yaml.safe_dump(json.loads(json.dumps(document)), sort_keys=False))
    else:
        print_text(_told(configuration))


def _told(configuration: Configuration) -> str:
    lines = ["the configuration is right"]
    for desired in configuration.desired:
        place = f"{desired.repository}/{desired.path}".rstrip("/")
        lines.append(f"  {place} → {desired.cluster} ({desired.renderer})")
    counts = (
        count_of(len(configuration.clusters), "cluster"),
        count_of(len(configuration.rules.ignore), "ignore rule"),
        count_of(len(configuration.sinks), "sink"),
    )
    return "\n".join([*lines, f"  {', '.join(counts)}; serves {configuration.http.listen}"]) + "\n"
