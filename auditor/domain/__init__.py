"""Values and pure rules: the words of the project.

The law of this package: it imports the standard library and itself, nothing else; it does no I/O,
reads no clock and writes no log. Whatever depends on time gets the time as a value.
"""
