"""Compare with the application that tutorials teach: `python -m benchmarks.tutorial`."""
