"""What can go wrong with the stack, as few classes.

The class says what the caller does about it: a `MissingError` skips a test outside
continuous integration and fails it there, a `PortTakenError` is tried again, and every
other `StackError` ends the run. No class here carries more than its message.
"""


class StackError(Exception):
    """The stack cannot do what was asked; the message says why and what helps."""


class MissingError(StackError):
    """A program is not there; the message names the command that brings it."""


class PortTakenError(StackError):
    """Somebody else took the port between choosing it and listening on it."""
