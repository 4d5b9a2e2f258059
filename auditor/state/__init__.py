"""What is known right now: declared objects, living objects, schemas, findings.

The law of this package: it holds and answers, and never goes and asks. Sources feed it, the pipeline
reads it. Only the ledger touches a disk.
"""
