"""Files that do not come from Git: artifacts of OCI registries, and buckets.

The law of this package: what a server says is bounded and believed only after its digest was checked, no
file of it leads out of its tree, and credentials go to the server that they are configured for and to
nobody else. What is fetched is put on a shelf (`auditor.sources.git.shelf`), so that all that follows sees a
repository like any other.
"""
