"""The border: everything published, as versioned models.

The law of this package: a published shape is a pydantic model here and nowhere else. Its JSON Schema, the
AsyncAPI document and the ledger's rows all come from the same models, and version 1 only ever gains
fields. Nothing here opens a connection.
"""
