"""ApplicationSets: the Applications that Argo CD's controller would make of one.

The law of this package: what the controller does is done here in its way, mistakes of writers included, and
each fact names the upstream file that it was read from (argo-cd v3.6). What depends on anything but Git
and the clusters that Argo CD knows is refused by name: a guess would look like drift.
"""
