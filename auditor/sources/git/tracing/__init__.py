"""Which file of all that an object was rendered from says what one of its fields is declared to be.

`trace` asks `kustomizations` (with `patches`), `charts` and `substitutes` for each field; they look only, and
name a place where the declared value itself stands. What they cannot show stays with the object's own file.
"""
