"""The asyncio shell: takes names from the queue, and sees each through to its announcement.

The law of this package: it moves values between state, the pure core and the sinks, and decides nothing
about drift itself.
"""
