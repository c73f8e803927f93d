"""A fluid model of AWS's limits under the spike, in SimPy. `make simulate`. A model, not a measurement."""
