"""Makes the built-in schemas from a real API server: ``python -m tools.schemas URL``."""
