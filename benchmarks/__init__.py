"""Measure this project's figures and compare them with its goals: `python -m benchmarks`, or `make bench`."""
