"""Real servers for tests and for a developer's desk, started natively.

What a test double says about a Kubernetes watch or a Kafka broker is what its author
believed. This package starts the real programs instead: etcd, kube-apiserver,
kube-controller-manager, Kafka and Prometheus, without a container engine, an image
registry or root.

The law of the package: it uses nothing but the standard library, so that it can run
before anything is installed; whatever it builds is kept outside the checkout, by
version; whatever it starts, it can find and end again, and leaves nothing behind. It
refuses to know anything of the auditor: no module here imports it.
"""
