"""Compare our application with the one that tutorials teach: `python -m benchmarks.tutorial`."""
