"""The cluster side: what lives, as it changes.

The law of this package: events are hints. A watch tells *that* something changed; what is true is what the
state holds after it, and where the two may have parted (a gap, a restart, a lost connection) the cluster is
listed again. Whatever could not be looked at is a doubt, never an absence. kubernetes-asyncio gives
configuration, authentication and the HTTP session, and nothing of it is on the path of an event.
"""
