"""What GitOps tools' own objects call for, read from them as values.

An Application, a Kustomization or a HelmRelease is an object like others, and besides it says what else is
declared: content of some place, rendered in some way, for some cluster. These modules read that and nothing
more; who fetches and renders it is decided elsewhere. They refuse to guess: what cannot be known is a
`DeadEnd` with its reason.
"""
