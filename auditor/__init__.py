"""Finds what differs between what is declared in Git and what lives in Kubernetes.

One example runs through the whole code. A Deployment ``shop/web`` is declared in Git with image
``web:1.4``. Somebody runs ``kubectl set image deployment/web web=web:1.5``:

1. ``sources`` see the watch event and queue the object's reference: a hint, nothing more.
2. ``pipeline`` takes the reference, and ``state`` gives the pair: the Deployment as declared and as it
   lives now.
3. ``comparators`` find one difference: the image, ``web:1.4`` against ``web:1.5``, last written by
   ``kubectl-set`` half a second ago.
4. ``domain.judge`` makes it a finding: changed, severity high, check K8S-002.
5. ``state.ledger`` notes that this finding is new: a transition *opened*, written to disk together with
   the outbox row that announces it.
6. ``sinks`` announce it: a record on Kafka, a gauge in Prometheus.

The queue holds names and never events, so bursts coalesce, order does not matter, and what was missed
heals at the next look. Everything from pair to finding is pure: no I/O, no clock, no log.
"""

from __future__ import annotations

__version__ = "0.1.0"
