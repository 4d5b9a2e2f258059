"""What ``auditor demo`` shows: a recorded session, what people did in it, and a view of what was found.

The recording comes from a real API server and its controllers, with a small application and people who
tampered with it; ``python -m tests.demo_recording`` makes it anew. The law of this package: it shows, and
the worker that it shows is the one that everybody runs.
"""
