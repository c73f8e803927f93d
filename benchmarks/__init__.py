"""Figures of this project, measured against goals: `python -m benchmarks`, which is `make bench`."""
