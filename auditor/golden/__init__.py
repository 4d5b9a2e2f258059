"""Golden cases: what is declared, what lives, and exactly what must be said of it.

The law of this package: a case is judged by the very functions that judge in production, with the
installed comparators and the built-in schemas, and without any server. Whoever runs cases brings the
comparison and the time. It refuses to know what a comparator is.
"""
