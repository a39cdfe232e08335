"""Comparing models of one kind on the same photos; `job` is what a worker does."""
