"""Where change is noticed: clusters and Git repositories.

The law of this package: a source updates the state and names the objects that changed. It decides
nothing, and nothing depends on the order or the number of its notices.
"""
