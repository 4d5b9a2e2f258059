"""How much of what is done to a real cluster the comparators find, and what they find besides.

``python -m tests.accuracy`` applies real manifests to real API servers in the three ways people do,
changes them in every way people do, and prints precision and recall for each class of change.
"""
