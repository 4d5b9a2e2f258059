"""How fast the auditor is, as ratios measured in one run.

Absolute times belong to a machine and a moment; a ratio to a yardstick of known cost carries over. Every
benchmark runs against the real servers of the test stack. Nothing here is a test: a slow machine fails
nothing.
"""
