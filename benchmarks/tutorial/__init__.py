"""What people would write instead, measured beside ours: `python -m benchmarks.tutorial`."""
