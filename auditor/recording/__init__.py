"""Real sessions, kept in a file and run again.

Whatever the sources receive passes through two ports: the bytes of a cluster's API and the commits of a
repository. A recording is what passed there, with its times; a replay answers through the same ports. So
everything above them runs as it did, on a clock that follows the recording, and comes to the same
findings, byte for byte.

The law of this package: no value of a Secret enters a recording, in no form from which it could be
computed; and a recording that was cut off anywhere is worth everything up to the cut.
"""
