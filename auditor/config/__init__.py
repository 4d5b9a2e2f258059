"""The configuration: one YAML document, read whole and judged whole before anything starts.

The law of this package: a configuration that loads is one that can work, as far as this machine can
tell. Every error is reported at once, with file, line, path and remedy. Secrets appear by reference
only and are looked up at the moment of use. No settings object is passed around at run time: the
composition root takes it apart.
"""
