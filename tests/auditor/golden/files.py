"""Files of golden cases for tests."""

SITUATION = """\
name: Replicas
base: {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 2}}
cases:
  - name: as declared
    expected: []
  - name: scaled by hand
    actual: {spec: {replicas: 5}}
    expected:
      - {check: K8S-002, severity: medium, differences: [{path: spec.replicas, op: changed}]}
"""

SINGLE = """\
name: An empty map
desired: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop}, data: {}}
actual: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop}}
expected: []
"""
