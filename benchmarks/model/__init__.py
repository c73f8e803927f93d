"""A fluid model of AWS's limits during a spike, in SimPy: `make simulate`. It is a model, not a measurement."""
