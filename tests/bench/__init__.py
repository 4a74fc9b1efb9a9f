"""Benchmarks: ratios against a floor run at the same time. Nothing here is a test."""
