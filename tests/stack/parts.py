"""The parts of a stack, and starting several of them at once.

A control plane and a broker need nothing of each other, and each spends most of its start
waiting, so a whole stack is up about as soon as its slowest part. This module refuses to
connect the parts: what uses them does that.
"""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.stack import control_plane, kafka_broker, prometheus
from tests.stack.control_plane import ControlPlane
from tests.stack.kafka_broker import Kafka
from tests.stack.prometheus import Prometheus
from tests.stack.recipes import RECIPES, Recipe
from tests.stack.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that can be started, and how it is reached once it was."""

    programs: tuple[str, ...]
    launch: Callable[[Workspace], Mapping[str, str]]

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """What has to be built for it."""
        return tuple(recipe for recipe in RECIPES if {*recipe.programs} & {*self.programs})


def launch(names: Collection[str], workspace: Workspace) -> dict[str, str]:
    """Start these parts at the same time; return all their addresses.

    If one fails, or the person interrupts, all of them are ended.
    """
    addresses: dict[str, str] = {}
    with ThreadPoolExecutor(max_workers=len(PARTS)) as pool:
        starts = [pool.submit(PARTS[name].launch, workspace) for name in names]
        try:
            for start in starts:
                addresses.update(start.result())
        except BaseException:
            # Now, and not after the pool has waited for the others to become ready.
            workspace.close()
            raise
    return addresses


def _launch_kubernetes(workspace: Workspace) -> Mapping[str, str]:
    plane = ControlPlane.launch(workspace)
    for user in plane.users:
        plane.kubeconfig_for(user)
    return {"KUBECONFIG": str(plane.kubeconfig)}


def _launch_kafka(workspace: Workspace) -> Mapping[str, str]:
    return {"KAFKA_BOOTSTRAP": Kafka.launch(workspace).bootstrap}


def _launch_prometheus(workspace: Workspace) -> Mapping[str, str]:
    return {"PROMETHEUS_URL": Prometheus.launch(workspace).url}


PARTS: Mapping[str, Part] = {
    "kubernetes": Part(programs=control_plane.PROGRAMS, launch=_launch_kubernetes),
    "kafka": Part(programs=kafka_broker.PROGRAMS, launch=_launch_kafka),
    "prometheus": Part(programs=prometheus.PROGRAMS, launch=_launch_prometheus),
}
