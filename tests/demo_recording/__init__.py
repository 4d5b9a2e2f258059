"""Makes the recording that ``auditor demo`` plays: ``python -m tests.demo_recording``.

A real cluster runs a small application, `auditor record` looks on, and several people do to it what people
do to clusters. What they do is in `story`; who they are is made up, what the cluster answers is not.
"""
