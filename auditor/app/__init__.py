"""The composition root: the one place that constructs parts and connects them.

The law of this package: it takes the configuration apart, builds each part with exactly what it needs, and
lets everything go again in the reverse order. It contains no logic of its own, so that there is nothing
in it to test but that the parts fit.
"""
