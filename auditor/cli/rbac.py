"""``auditor rbac``: the permissions that a configuration needs, and no more."""

from __future__ import annotations

from typing import Any, Final

import click
import yaml

from auditor.cli.help import examples
from auditor.cli.options import configuration_option, form_option, run_async
from auditor.cli.terminal import print_text, progress, warn
from auditor.config.clusters import Cluster
from auditor.config.document import Configuration
from auditor.config.words import nearest
from auditor.domain.manifest import Manifest
from auditor.reports.forms import Form
from auditor.reports.wording import show_json
from auditor.sources.kubernetes.permissions import Permissions, permissions_for
from auditor.sources.kubernetes.plan import Selection

_API: Final = "rbac.authorization.k8s.io"
_REMARK: Final = """\
# The rules with the verb patch are there for dry runs alone (clusters[].confirm). RBAC cannot tell a dry
# run from a change, so with this role the account could change objects; the auditor never does.
"""


@click.command(
    "rbac",
    epilog=examples(
        "auditor rbac -c auditor.yaml | kubectl apply -f -",
        "auditor rbac --cluster prod -n auditing",
    ),
)
@configuration_option
@click.option(
    "--cluster", metavar="NAME", help="Which cluster. Needed where several are configured."
)
@click.option(
    "-n",
    "--namespace",
    default="drift-auditor",
    show_default=True,
    metavar="NS",
    help="Where the service account lives.",
)
@click.option(
    "--name", default="drift-auditor", show_default=True, help="What account and role are called."
)
@form_option(Form.YAML, Form.JSON)
def command(
    *, configuration: Configuration, cluster: str | None, namespace: str, name: str, form: Form
) -> None:
    """Print the service account and role that a cluster needs to be audited.

    The role may get, list and watch the kinds that are declared and those that the configuration
    selects; Secrets only where the configuration says `secrets: true`. Only where dry runs are
    configured (`confirm`), it may patch what is declared as well. What is declared is rendered
    for this, at its present commit; the cluster is not asked.
    """
    chosen = _choose(configuration, cluster)
    with progress("rendering …"):
        manifests = run_async(_declared(configuration, chosen.name))
    selection = Selection(
        include=chosen.kinds.include, exclude=chosen.kinds.exclude, secrets=chosen.secrets
    )
    permissions = permissions_for(manifests, selection, confirmed=chosen.confirm.enabled)
    for kind, plural in permissions.guessed.items():
        warn(f"the plural of {kind} is a guess: {plural}; its definition is not declared")
    documents = _documents(permissions, namespace, name)
    if form is Form.JSON:
        print_text(show_json({"apiVersion": "v1", "kind": "List", "items": documents}))
    else:
        remark = _REMARK if permissions.patched else ""
        print_text(remark + yaml.safe_dump_all(documents, sort_keys=False, explicit_start=True))


def _choose(configuration: Configuration, name: str | None) -> Cluster:
    names = [cluster.name for cluster in configuration.clusters]
    if name is None and len(names) > 1:
        raise click.UsageError(f"which cluster? Write --cluster with one of {', '.join(names)}.")
    for cluster in configuration.clusters:
        if name in {None, cluster.name}:
            return cluster
    raise click.UsageError(f"there is no cluster {name!r}{nearest(str(name), names)}")


async def _declared(configuration: Configuration, cluster: str) -> list[Manifest]:
    from auditor.app.render import render_all

    tree = await render_all(configuration)
    return [manifest for manifest in tree.manifests if manifest.ref.cluster == cluster]


def _documents(permissions: Permissions, namespace: str, name: str) -> list[dict[str, Any]]:
    role = f"{namespace}:{name}"
    account = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    return [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": name, "namespace": namespace},
        },
        {
            "apiVersion": f"{_API}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": role},
            "rules": permissions.rules(),
        },
        {
            "apiVersion": f"{_API}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": role},
            "roleRef": {"apiGroup": _API, "kind": "ClusterRole", "name": role},
            "subjects": [account],
        },
    ]
