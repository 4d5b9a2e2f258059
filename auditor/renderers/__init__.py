"""What turns files of a tree into manifests.

The law of this package: a renderer reads a `Tree` and returns a `Rendering`. It keeps nothing but
caches, knows no cluster, and fails as a whole with one `ManifestError` that names file, place and remedy:
half a rendering would look like deleted objects.
"""
