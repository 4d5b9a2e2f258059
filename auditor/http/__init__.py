"""What the worker answers over HTTP: health, metrics, findings, a stream of transitions, webhooks.

The law of this package: everything is read-only, a webhook is a hint to look and never evidence, and what
is known comes through the small ports of `auditor.http.answers`. Nobody is authenticated for reading, so
the port belongs behind whatever guards the cluster's metrics.
"""
