"""One request of Kafka's protocol: who are the brokers?

Kafka has no readiness endpoint, and its port opens before it can serve. A broker that
lists itself as a broker is ready, and asking takes a dozen lines. This module refuses to
be a Kafka client.
"""

import socket
import struct

_METADATA, _VERSION, _CORRELATION = 3, 1, 1
_NO_TOPICS = 0
_CLIENT = b"stack"
_TIMEOUT = 2.0


def lists_brokers(host: str, port: int) -> bool:
    """Tell whether the broker answers and knows at least one broker."""
    header = struct.pack(">hhih", _METADATA, _VERSION, _CORRELATION, len(_CLIENT)) + _CLIENT
    request = header + struct.pack(">i", _NO_TOPICS)
    try:
        with socket.create_connection((host, port), timeout=_TIMEOUT) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            reply = connection.makefile("rb").read(12)
    except OSError:
        return False
    if len(reply) < 12:
        return False
    _, _, brokers = struct.unpack(">iii", reply)
    return bool(brokers > 0)
