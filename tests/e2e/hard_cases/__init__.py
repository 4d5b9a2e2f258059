"""The hard cases: situations that look alike and are not, as data for ``tests/e2e/test_hard_cases.py``."""
