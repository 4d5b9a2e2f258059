"""Tests of golden cases."""
