"""Comparators: each says what is wrong with one pair of desired and actual.

The law of this package: pure functions over the values of ``auditor.domain``. Nothing here reads a
clock, a file or the network, writes a log, or changes what it is given. A comparator that cannot judge
says so with a deviation; it never guesses "equal".
"""
