"""A model of AWS's limits during a spike: `make simulate` and `make ready`. It is a model, not a measurement."""
