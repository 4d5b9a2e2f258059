"""What a cluster tells charts of itself: its version, and what it serves.

https://helm.sh/docs/chart_template_guide/builtin_objects/ calls that ``Capabilities``. A chart may declare
a ServiceMonitor only where there is such a kind, so without it a rendering is that of another cluster. It
refuses to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """A cluster's version (``v1.36.3``), and its API versions; empty: helm's own, which know no cluster.

    ``api_versions`` are groups in each version and kinds in each of them, as helm writes them
    (``apps/v1``, ``apps/v1/Deployment``, ``v1/Pod``), in order.
    """

    kube_version: str = ""
    api_versions: tuple[str, ...] = ()


NO_CLUSTER: Final = Capabilities()
"""What charts are told where no cluster is meant, or none answers."""
